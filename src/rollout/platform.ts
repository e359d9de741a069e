import type { Logger } from '../log.ts';
import type { ColdInstance, ColdOptions } from './cold-instance.ts';
import type { Endpoint } from './proof/prove.ts';
import type { AroundParts } from './surroundings.ts';
import type { Change, DeployRequest, FoundFunction, QueueState, SampleRequest, Target } from './target.ts';

/** What every platform gets beside its settings. */
export interface PlatformDeps {
  log: Logger;
  /** Absolute folder for what a platform must remember on this machine; the local one keeps everything in it. */
  stateDir: string;
  now(): Date;
  /** Aborted when the run is to end; waiting stops, and nothing half made is left running. */
  signal: AbortSignal;
  /** Variables of the run, for platforms whose clients do not read them by themselves. */
  env?: Readonly<Record<string, string | undefined>>;
}

export type Role = 'candidate' | 'live';

/** What a deployed revision is made of, by digest: equal identities mean that nothing has to change. */
export interface Identity {
  /** What it is for; undefined where someone else has published it. */
  role: Role | 'sample' | undefined;
  /** Pinned model version; `null` follows the pointer. */
  version: string | null;
  packageSha256: string;
  settingsSha256: string;
}

/** What a request asks for. */
export interface Wanted extends Identity {
  role: Role;
  /** What the function reports as its revision (COLDGATE_REVISION): role and a digest of the identity. */
  revision: string;
}

/** A revision as the platform has it. */
export interface Deployed extends Identity {
  /** The platform's own id: a version number, a revision's name, the digest of what a process runs. */
  id: string;
  /** Where it answers; undefined where nothing does, because its process has ended or it has no address. */
  url: string | undefined;
}

/** One function as the platform was seen to have it. Changes are decided on it, and refused when it is no longer true. */
export interface FunctionView<R extends Deployed = Deployed> {
  /** Name on the platform. */
  name: string;
  /** What callers of the live address reach, whoever deployed it. */
  live: R | undefined;
  /** A revision that has a share of the live traffic, in the middle of a shift. */
  shifting?: R | undefined;
  candidates: readonly R[];
  /** Every revision that live traffic could be moved to, the live one among them. */
  revisions: readonly R[];
  /** How many revisions wait for removal that are neither live nor candidates. */
  surplus?: number | undefined;
  /** True when `open` had to change what belongs to the function and not to a revision. */
  settled?: boolean | undefined;
}

export interface Address {
  url: string;
  /** Whether it had to be changed now: platforms take a while to know of that everywhere. */
  changed: boolean;
  /** Whether what answers there was proven since: nothing is waited out any more, it counts as callers get it. */
  isProven?: boolean | undefined;
}

export interface ExposeOptions {
  /** What is deployed; without it the settings of an existing address are left unchanged. */
  request?: DeployRequest | undefined;
  /** Check everything that belongs to the address, although its marks say that it is as wanted. */
  recheck: boolean;
}

/** A move to a new revision. */
export interface Forward {
  /** Demands the version from an endpoint of the new revision. Throws UnprovenError. */
  prove(endpoint: Endpoint): Promise<void>;
  /** Judges each step of a shift in steps; throws to have it taken back. */
  judge?: DeployRequest['judge'];
}

/** A move of live traffic. */
export interface Move<R extends Deployed> {
  from: R | undefined;
  to: R;
  /**
   * What `to` has to prove before it is given more traffic; undefined when traffic goes back to what has served before.
   */
  forward?: Forward | undefined;
}

/** What `publish` has made, or what `shift` is to make. */
export interface Published<R extends Deployed> {
  revision: R;
  fresh: boolean;
  inPlace?: boolean | undefined;
}

/** Another run has changed the function since it was observed: observe and decide again. */
export class MovedError extends Error {
  /** What to throw when looking again never helps. */
  readonly giveUp: () => Error;

  constructor(cause: Error, giveUp: () => Error = () => cause) {
    super(cause.message, { cause });
    this.name = 'MovedError';
    this.giveUp = giveUp;
  }
}

/**
 * What a service for functions can do, and nothing of when to do it: that is the rollout's (`candidate.ts`, `live.ts`,
 * `restore.ts`, `retire.ts`, `sample.ts`, `plan.ts`). Every change is conditional on the view that it was decided on and
 * throws MovedError when that is no longer true, or runs in `exclusive`, which keeps others away. Everything may be killed
 * between any two calls, and is then called again.
 */
export interface Platform<R extends Deployed = Deployed, V extends FunctionView<R> = FunctionView<R>>
  extends Pick<Target, 'key' | 'platform' | 'entry' | 'budget' | 'archive' | 'runtimeLayer' | 'image'> {
  /** Runs work on one function, alone where the platform can lock; a lock must end with its process. */
  exclusive<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Called before a new look after MovedError: what was remembered of the function may be wrong. */
  forget?(): void;
  /** Everything of the settings that makes a revision another one, with keys in a stable order. Pure. */
  settingsOf(request: Pick<DeployRequest, 'settings' | 'package'>): unknown;
  /** Reads the function; undefined where there is none. Changes nothing. */
  observe(name: string): Promise<V | undefined>;
  /**
   * Opens the function: creates it if missing, settles what belongs to no revision, and stops what killed runs left
   * running. Throws ColdgateError for packages that the platform cannot take, before anything is changed.
   */
  open(request: Pick<DeployRequest, 'settings' | 'package'>, wanted: Wanted): Promise<V>;
  /**
   * Makes the revision exist and waits until it can be called, without giving it any traffic.
   * @param replaced an equal revision that is not to be taken up again, because it does not work
   * @returns `fresh` is false when a run that was killed had published it; `inPlace` is true where the platform has room for
   * one live revision only: nothing was changed, `shift` is to replace what is live by it
   */
  publish(view: V, wanted: Wanted, request: DeployRequest, replaced?: R): Promise<Published<R>>;
  /** A revision by a way that needs no address. */
  direct(view: V, revision: R): Endpoint;
  /** Gives a candidate, or what is live, its own address and lets callers in; changes only what differs. */
  expose(view: V, revision: R, options: ExposeOptions): Promise<Address>;
  /** A revision as callers reach it. */
  endpoint(view: Pick<V, 'name'>, revision: Pick<R, 'role' | 'version'>, address: Address): Endpoint;
  /**
   * Moves live traffic as a compare-and-swap: only from what the view has as live. In steps where the platform has them and
   * the settings ask for it, all at once elsewhere. Returns what is live then, which may be a new instance of `to`.
   */
  shift(view: V, move: Move<R>): Promise<{ revision: R; changed: boolean }>;
  /** Keeps instances of the revision warm as configured, and waits until they are. Returns whether that changed. */
  warm?(view: V, revision: R): Promise<boolean>;
  /** True when warming ahead of a move of the pointer justifies a separate publication. */
  readonly warmsAhead?: boolean;
  /** What follows a proven live revision: triggers, scaling, letting go of what others kept warm. */
  settle?(view: V, revision: R): Promise<boolean>;
  /** Starts one new instance that nothing has warmed, asks it for its timings, and removes it. */
  startCold(request: SampleRequest, wanted: Wanted, options: ColdOptions): Promise<ColdInstance>;
  /** Adds what the platform knows of a revision that fails its readiness proof, such as the end of its log. */
  explain?(view: V, revision: R, error: Error): Promise<Error>;
  /**
   * Removes revisions with their addresses; ignores those that are gone already.
   * @param failed they failed their readiness proof: what helps to find out why, such as a log, stays
   */
  retire(view: V, revisions: readonly R[], failed?: boolean): Promise<void>;
  /** Lets go of what is kept warm for anything but the live revision. */
  release?(view: V): Promise<void>;
  /** Removes what samples of this run have left. Throws only when the run is aborted. */
  endSampling?(name: string): Promise<void>;
  /** Removes what nothing names any more, after a change of this role, but what was live before. Never throws. */
  tidy(view: V, role: Role): Promise<void>;
  /** Lists every function of Coldgate's in this place. Throws ColdgateError (exit 8) where listing is denied. */
  list(): Promise<FoundFunction[]>;
  /** Parts that stand around a function, each by itself: one that may not be looked at hides no other. */
  around?(name: string): AroundParts;
  /** Messages of the queue in front of it; undefined where it has none. */
  queueOf?(view: V): Promise<QueueState | undefined>;
  /** What `removeAll` would remove beside revisions, in words. */
  besides?(name: string, view: V | undefined): Promise<Change[]>;
  /** Removes the function and all that belongs to it, running or not. */
  removeAll(name: string, view: V | undefined): Promise<Change[]>;
  /** Whether what is live still runs, where that can end without anyone's doing. */
  isRunning?(view: V): boolean;
  /** What else would be changed for the known revision, in words. Pure. @param what the revision in words */
  drift?(view: V, what: string, known: R, request: DeployRequest): string[];
  /** What replacing the live revision costs its callers, in words; undefined where they notice nothing. */
  readonly replacing?: string | undefined;
  /** Seconds that one start of a sample takes, from and to, where that is worth saying before the first. */
  readonly startSeconds?: readonly [number, number] | undefined;
  /** A revision in words: `as version 7`, `at http://127.0.0.1:20001`. */
  label(view: V, revision: R): string;
}
