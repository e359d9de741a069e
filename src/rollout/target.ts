import type { ColdStart, Timings } from '../gate/rule/sample.ts';
import type { Manifest } from '../model/manifest.ts';
import type { GoldenSample } from '../model/sample.ts';
import type { Budget } from '../package/budget.ts';
import type { PackageArchive, PackageFile } from '../package/package-file.ts';
import type { Endpoint } from './proof/prove.ts';
import type { Surroundings } from './surroundings.ts';

/** Everything about a function that is not the model's bytes. */
export interface FunctionSettings {
  /** Function name on the platform, derived from model (or shared function) and environment. */
  name: string;
  model: string;
  /** Where the function reads models: the environment's store and pointer, as handler variables (MODEL_STORE, …). */
  storeVariables: Record<string, string>;
  /** Handler options as variables: payload limit, threads, refresh seconds, CORS. */
  handlerVariables: Record<string, string>;
}

/** A deployed handler configuration that answers at its own address. */
export interface Revision {
  /** Stable id on the platform: function version number, revision name, local process group. */
  id: string;
  role: 'candidate' | 'live';
  /** Pinned model version; `null` follows the pointer. */
  version: string | null;
  url: string;
  packageSha256: string;
  /** Digest of the settings that it was deployed with. */
  settingsSha256: string;
}

export interface DeployRequest {
  settings: FunctionSettings;
  package: PackageFile;
  /** `candidate` is pinned to a version and has its own address; `live` follows the pointer. */
  role: 'candidate' | 'live';
  /** Version to pin (candidate), or the version that the pointer names now (live), to be proven. */
  version: string;
  /** sha256 of the model file that must answer. */
  sha256: string;
  sample: GoldenSample | undefined;
  /** As published, with the digest of its bytes: the function must report this digest as run. */
  manifest?: Manifest | undefined;
  manifestSha256?: string | undefined;
  /** Judges a step of a weighted shift by what the new revision reported during it; throws to have it undone. */
  judge?: ((step: ShiftStep) => void) | undefined;
}

/** One step of a weighted shift to a new live revision. */
export interface ShiftStep {
  /** Share of the calls that it had. */
  percent: number;
  /** The start timings that each answering instance reported. */
  timings: Timings[];
}

export interface DeployResult {
  revision: Revision;
  /** False when nothing had to be changed: same package, settings and pin, and it still passed its readiness proof. */
  changed: boolean;
  /** How many candidates there were when the target last looked; undefined where it did not look. */
  candidates?: number | undefined;
}

export interface SampleRequest {
  settings: FunctionSettings;
  package: PackageFile;
  /** Model version to pin for this start and the sha256 it must answer with. */
  version: string;
  sha256: string;
  sample: GoldenSample | undefined;
  /** A start that takes longer counts as a time-out, in ms. */
  timeoutMs: number;
  /** Instances that were measured before, in earlier runs, too: none of them is cold. */
  known?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
}

/** What exists on the platform for one function. */
export interface TargetState {
  live: Revision | undefined;
  candidates: Revision[];
  /** Of the queue in front of it, where it has one. */
  queue?: QueueState | undefined;
}

/** How many messages a queue has: about so many, on clouds. */
export interface QueueState {
  waiting: number;
  /** Being worked on now. */
  working: number;
  /** Given up. */
  dead: number;
}

/** A function of Coldgate's as it was found, whatever models.yaml names now. */
export interface FoundFunction {
  name: string;
  /** Handler variables that name the store it reads; undefined where the place is this project's alone. */
  storeVariables: Readonly<Record<string, string>> | undefined;
}

/** A planned change, for --dry-run and logs: `create function digits-local`, `update memory 1024 -> 2048`. */
export interface Change {
  action: 'create' | 'update' | 'delete' | 'none';
  what: string;
}

/** How packages of a target become images. */
export interface ImagePackaging {
  /** By digest: what they are built on. */
  base: string | undefined;
  /** The one to run, where others build it and it is there. */
  package: PackageFile | undefined;
  /** Builds the image of a package of the target's `archive` and pushes it; absent where others build it. */
  build?(from: PackageFile, options: ImageBuildOptions): Promise<PackageFile>;
}

export interface ImageBuildOptions {
  /** Function that it is for. */
  name: string;
  /** Absolute folder for what can be made again. */
  cacheDir: string;
  /** Reports which image it would be, and pushes nothing. */
  dryRun: boolean;
}

/**
 * A place where functions run. Every call is idempotent: killed anywhere and called again, it converges. Errors:
 * UnprovenError when the function does not pass its readiness proof, DeniedError-like exit 8 for permissions.
 */
export interface Target {
  /** Stable name of place and shape, safe as a key segment: `local-linux-x64`, `aws-lambda-eu-west-1-2048-x86_64`. */
  readonly key: string;
  /** OS and CPU that packages for this target must carry. */
  readonly platform: { os: 'linux' | 'darwin'; arch: 'x64' | 'arm64' };
  /** The adapter of the handler's bundle that packages for this target start with: `node.cjs`, `lambda.mjs`. */
  readonly entry: string;
  /** What packages for this target may weigh; that of the tightest target without it. */
  readonly budget?: Budget | undefined;
  /** What packages for this target are; a zip without it. */
  readonly archive?: PackageArchive | undefined;
  /** Packages for this target have the native runtime in a layer. */
  readonly runtimeLayer?: boolean | undefined;
  /** Seconds that one start of a sample takes, from and to, where that is worth saying before the first. */
  readonly startSeconds?: readonly [number, number] | undefined;
  /** Packages go into container images. */
  readonly image?: ImagePackaging | undefined;
  plan(request: DeployRequest): Promise<Change[]>;
  /** Creates or updates the revision, waits until it is ready, proves the golden sample, version and sha256. */
  deploy(request: DeployRequest): Promise<DeployResult>;
  /** Forces one cold start of the given pin and measures it. Never throws for a bad start: the status shows it. */
  sample(request: SampleRequest): Promise<ColdStart>;
  /**
   * Prepares what `route` will move callers to, including warm instances, before the pointer moves; what is live serves
   * meanwhile. Absent where there is nothing to prepare.
   */
  prepare?(request: DeployRequest): Promise<void>;
  /** Makes the live revision run this package and these settings, following the pointer. */
  route(request: DeployRequest): Promise<DeployResult>;
  /**
   * Makes the revision that was live before live again, by compare-and-swap: only while `from` is still live. Returns
   * undefined if someone else has moved traffic meanwhile. `request` is what `to` served: its package, and the version
   * to be proven.
   */
  restore(request: DeployRequest, move: { from: Revision; to: Revision }): Promise<DeployResult | undefined>;
  /** Removes what the samples of this run have left. Absent where each removes itself. */
  endSampling?(settings: Pick<FunctionSettings, 'name'>): Promise<void>;
  /** How callers reach a revision, to look at it from outside. */
  reach(settings: Pick<FunctionSettings, 'name'>, revision: Revision): Endpoint;
  describe(settings: Pick<FunctionSettings, 'name'>): Promise<TargetState>;
  /** Looks at what stands around a function. Absent where nothing does. Never throws but when the run is aborted. */
  around?(settings: Pick<FunctionSettings, 'name'>): Promise<Surroundings>;
  /** Lists every function of Coldgate's in this place. Throws ColdgateError (exit 8) where listing is denied. */
  list(): Promise<FoundFunction[]>;
  /** What removing everything would remove beside revisions, such as a gateway. Absent where there is nothing. */
  besides?(settings: Pick<FunctionSettings, 'name'>): Promise<Change[]>;
  /**
   * Removes candidates only, or everything of the function. What is already gone is fine.
   * @param keep version whose candidate stays
   */
  remove(settings: Pick<FunctionSettings, 'name'>, what: 'candidates', keep?: string): Promise<Change[]>;
  remove(settings: Pick<FunctionSettings, 'name'>, what: 'candidates' | 'all'): Promise<Change[]>;
}
