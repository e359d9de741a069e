import { isMissing } from '../../azure/failure.ts';
import { ConflictError } from '../../errors.ts';
import { MovedError } from '../../rollout/platform.ts';

/** What is thrown when looking again never helps. */
const lostRace = (site: string, cause: unknown): ConflictError =>
  new ConflictError('function-changed', `Someone else keeps changing ${site}.`, {
    cause,
    hint: 'Find out who else deploys to it (activity log of the app), then run this again.',
  });

/** Someone else has changed what was read. */
export function movedError(site: string): MovedError {
  const cause = new Error(`someone else has changed ${site}`);
  return new MovedError(cause, () => lostRace(site, cause));
}

/** An app that is gone in the middle of a change, but not its group, was removed by someone else: throws MovedError, to look again. */
export async function whileThere<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isMissing(error) || (error as { code?: string }).code === 'no-resource-group') throw error;
    throw new MovedError(error as Error);
  }
}
