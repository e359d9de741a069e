import type { PlatformReport } from '../gate/rule/sample.ts';
import type { Answer } from './proof/http.ts';

export interface ColdOptions {
  signal: AbortSignal;
  /** Runs an attempt again for as long as it throws MovedError. */
  again<T>(attempt: () => Promise<T>): Promise<T>;
}

/** One new instance that was asked for its timings. */
export interface ColdInstance {
  /** What it reports as its revision, if it is ours. */
  revision: string;
  /** From request to answer, ms; undefined where that was not the time a caller would have waited. */
  roundTripMs?: number | undefined;
  /** Its answer, or why there is none. */
  outcome: { answer: Answer } | { status: 'timeout' | 'failed'; note: string };
  /** The instance that was started, where the platform reports it. */
  instanceId?: string | undefined;
  /** What the platform itself reports of the start. */
  report?: PlatformReport | undefined;
  /** Why the platform knows that this was not the cold start that was asked for. */
  notCold?: string | undefined;
  /** What the platform adds to a start that failed, such as memory that was used up. */
  remark?: string | undefined;
}
