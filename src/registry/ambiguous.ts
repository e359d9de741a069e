import { ColdgateError } from '../errors.ts';
import { AlreadyExistsError, DeniedError, PreconditionError, StoreError, UnsupportedError } from '../stores/store.ts';

/**
 * Whether a failed conditional write may have happened all the same, so that only reading back tells. A time-out may
 * hide a success; a refused precondition may be our own success met again by a retry below us (docs/facts.md P1), a 409 on S3
 * means "try again" (P2), and its 404 "the key to update is not there" (P3). A denied or unsupported request did
 * nothing; what a driver could not name is treated like a lost answer.
 */
export function mayHaveHappened(error: unknown): boolean {
  if (error instanceof DeniedError || error instanceof UnsupportedError) return false;
  return error instanceof StoreError || !(error instanceof ColdgateError);
}

/** The store said that the precondition did not hold. */
export function refused(error: unknown): boolean {
  return error instanceof AlreadyExistsError || error instanceof PreconditionError;
}
