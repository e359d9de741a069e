import type { PlatformDeps } from '../../rollout/platform.ts';
import { withLock } from './lock.ts';
import type { FunctionPaths } from './paths.ts';
import type { ProcessId } from './process-mark.ts';
import { ownProcess, type ProcessTable } from './process-table.ts';

/** What every operation of the local platform works with. */
export interface LocalContext extends PlatformDeps {
  table: ProcessTable;
  /** This run of Coldgate. */
  owner: ProcessId;
  /** Port of live endpoints from models.yaml. */
  port: number | undefined;
}

export const contextOf = (deps: PlatformDeps, port: number | undefined, table: ProcessTable): LocalContext => ({
  ...deps,
  port,
  table,
  owner: ownProcess(table),
});

/** Runs the work as the only one that changes the function. */
export async function withFunctionLock<T>(
  context: LocalContext,
  place: FunctionPaths,
  work: () => Promise<T>,
): Promise<T> {
  return withLock(place.lock, context, work);
}
