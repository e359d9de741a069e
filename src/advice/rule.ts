import type { Environment, ModelEntry, TargetSettings } from '../config/types.ts';
import type { Surroundings } from '../rollout/surroundings.ts';

/** Cold starts of one version, from its recorded measurement. Times in ms; absent where none was reported. */
export interface Measured {
  version: string;
  /** Valid starts that the numbers are of. */
  starts: number;
  /** 95th percentile of a whole first answer: start of the platform, import, load and first run. */
  startMs: number;
  /** The same of the load alone (`model_loaded_ms`). */
  loadMs?: number | undefined;
  /** The same of what is read of the store. */
  fetchMs?: number | undefined;
  /** 95th percentile of a run on a loaded model. */
  runMs?: number | undefined;
  /** 95th percentile of what happens before the handler's code. */
  initMs?: number | undefined;
  /** Most memory that one start has taken, as the platform reports it, MB. */
  peakMb?: number | undefined;
}

/** What callers need, and what they send; none of it is in models.yaml. */
export interface Wishes {
  /** 95th percentile that callers are promised, a cold start included, ms. */
  p95Ms?: number | undefined;
  requestsPerMonth?: number | undefined;
  /** How long callers wait, s. */
  clientTimeout?: number | undefined;
  /** What the function needs beside handler and runtime, unpacked, MB. */
  dependenciesMb?: number | undefined;
}

/** Where the bucket or the account of the store is, or why that is not known. */
export type Located = { region: string } | { why: string };

/** What a published file looks like through `store.read-url`, asked as functions ask. */
export interface SeenCopy {
  /** Why nothing could be asked for. */
  why?: string | undefined;
  /** Key of the file. */
  key: string;
  /** Why there was no answer, in the words of the network. */
  unreached?: string | undefined;
  status?: number | undefined;
  /** Whether the bytes are those of the store. */
  isSame?: boolean | undefined;
  type?: string | undefined;
  /** `content-encoding`, where something packs. */
  encoding?: string | undefined;
  /** Seconds for which others may keep it; 0 where none may. */
  keptFor?: number | undefined;
  /** What the answer says of the way that it came: `age: 12`, `x-cache: Hit from cloudfront`. */
  traces: readonly string[];
  /** When the signature in the query of read-url ends, as far as the query says. */
  ends?: Date | undefined;
  now: Date;
  /** Whether the pointer comes through it, too. */
  givesPointer?: boolean | undefined;
  /** Whether read-url has a query and the same comes without it. */
  givesUnsigned?: boolean | undefined;
  /** Whether the store itself gives the file to anyone; undefined where it did not say. */
  isPublic?: boolean | undefined;
  /** Empties what the CDN keeps of the model. */
  purge: string;
}

/** Everything that is known of one model in one environment. */
export interface Facts<T extends TargetSettings = TargetSettings> {
  environment: Pick<Environment, 'name' | 'store'>;
  entry: ModelEntry;
  /** The model's own, else the environment's. */
  target: T;
  /** Path of that target in models.yaml: `environments.production.target`. */
  targetPath: string;
  /** Functions that run there, as models.yaml has them. */
  functions: number;
  /** Callers depend on it: its name begins with `prod`. */
  isProduction: boolean;
  /** Files that a start loads, together. */
  bytes: number | undefined;
  measured: Measured | undefined;
  /** Undefined where no account was asked. */
  located: Located | undefined;
  /** Undefined where there is no read-url, or nothing was asked. */
  copy?: SeenCopy | undefined;
  /** What the account says of what stands around the function; undefined where it was not asked. */
  around?: Surroundings | undefined;
  /** What does not fit into an instance twice, so that a new version waits for new instances. */
  capacity: readonly string[];
  wishes: Wishes;
}

/** `yes`: as it should be. `no`: change it. `unknown`: it says how to find out. */
export type Answer = 'yes' | 'no' | 'unknown';

/** What to type. */
export interface Remedy {
  /** Fields of models.yaml and their new values, as YAML; an empty value takes the field away. */
  set?: readonly (readonly [path: string, value: string])[];
  /** A command. */
  run?: string;
}

export interface Judgement extends Remedy {
  verdict: Answer;
  /** One sentence with the numbers that decided it. */
  why: string;
}

export interface Rule {
  id: string;
  /** What `yes` means, for the documents. */
  asks: string;
  /** Whether a `no` is a warning of validate: it needs no account, and no taste. */
  warns: boolean;
  /** Whether an account or a measurement has a say, so that doctor shows it. */
  looksUp: boolean;
  /** Undefined where it does not apply. */
  judge(facts: Facts): Judgement | undefined;
}

export interface Finding extends Judgement {
  id: string;
  environment: string;
  model: string;
}

export const yes = (why: string): Judgement => ({ verdict: 'yes', why });
export const no = (why: string, remedy: Remedy): Judgement => ({ verdict: 'no', why, ...remedy });
export const unknown = (why: string, remedy: Remedy): Judgement => ({ verdict: 'unknown', why, ...remedy });

/** A rule for one provider's settings. */
export const on =
  <P extends TargetSettings['provider']>(
    provider: P,
    judge: (facts: Facts<Extract<TargetSettings, { provider: P }>>) => Judgement | undefined,
  ) =>
  (facts: Facts): Judgement | undefined =>
    facts.target.provider === provider ? judge(facts as Facts<Extract<TargetSettings, { provider: P }>>) : undefined;
