import type { QueueSettings } from '../../config/schema/queue.ts';
import type { LocalTargetSettings } from '../../config/types.ts';
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
  queue: QueueSettings | undefined;
}

export const contextOf = (
  deps: PlatformDeps,
  { port, queue }: Pick<LocalTargetSettings, 'port' | 'queue'>,
  table: ProcessTable,
): LocalContext => ({
  ...deps,
  port,
  queue,
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
