import type { ColdgateError } from '../../errors.ts';

/** The gateway of a function as it was found. */
export interface SeenApim {
  /** Why nothing can be released through it. */
  problem: ColdgateError | undefined;
  /** Address of what is live, once something was released. */
  url: string | undefined;
  /** Addresses of candidates, by version. */
  candidates: ReadonlyMap<string, string>;
  /** Digest of the current revision. */
  digest: string | undefined;
}
