import type { FunctionVersion } from './state.ts';

/** What came of one event. */
export interface Invoked {
  payload: unknown;
  /** Set when the function failed. */
  error: 'Unhandled' | undefined;
  /** End of the log, at most 4 KB as from the service. */
  log: string;
}

/** Something that runs one version and serves one event at a time, until it is stopped. */
export interface Environment {
  /** Whether it cannot take another event. */
  readonly ended: boolean;
  invoke(event: unknown): Promise<Invoked>;
  stop(): Promise<void>;
}

/** @param scratch folder that it may write to */
export type StartEnvironment = (version: FunctionVersion, scratch: string) => Promise<Environment>;

/** Most of the log that comes with an answer, bytes. */
const tailBytes = 4096;

/** The end of these lines as the service cuts it: by bytes, wherever that is. */
export const tailOf = (lines: readonly string[]): string =>
  Buffer.from(`${lines.join('\n')}\n`)
    .subarray(-tailBytes)
    .toString('utf8');
