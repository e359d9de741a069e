import { ColdgateError } from '../errors.ts';
import { AlreadyExistsError, DeniedError, PreconditionError, StoreError, UnsupportedError } from '../stores/store.ts';

/**
 * Whether a failed conditional write may have happened all the same, so that the object must be read back. A time-out
 * may hide a success; a failed precondition may be our own success seen by a retry below us (docs/facts.md P1), a 409
 * on S3 means "try again" (P2), and its 404 "the key to update is not there" (P3). A denied or unsupported request did
 * nothing; an unknown failure is treated like a lost response.
 */
export function mayHaveHappened(error: unknown): boolean {
  if (error instanceof DeniedError || error instanceof UnsupportedError) return false;
  return error instanceof StoreError || !(error instanceof ColdgateError);
}

/** The store reported a failed precondition. */
export function refused(error: unknown): boolean {
  return error instanceof AlreadyExistsError || error instanceof PreconditionError;
}
