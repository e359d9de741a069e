import type { TargetDeps } from '../open.ts';
import { withLock } from './lock.ts';
import { type Place, placeOf } from './place.ts';
import type { ProcessId } from './process-mark.ts';
import { ownProcess, type ProcessTable, systemProcesses } from './process-table.ts';

/** What every operation of the local target works with. */
export interface World extends TargetDeps {
  table: ProcessTable;
  /** This run of Coldgate. */
  owner: ProcessId;
  /** Port of live endpoints from models.yaml. */
  port: number | undefined;
}

export const worldOf = (deps: TargetDeps, port: number | undefined): World => ({
  ...deps,
  port,
  table: systemProcesses,
  owner: ownProcess(systemProcesses),
});

/** Runs the work as the only one that changes the function. */
export async function inPlace<T>(world: World, name: string, work: (place: Place) => Promise<T>): Promise<T> {
  const place = await placeOf(world.stateDir, name);
  return withLock(place.lock, world, () => work(place));
}
