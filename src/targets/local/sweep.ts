import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { discard } from '../../package/verified-folder.ts';
import type { Place } from './place.ts';
import { isRunning, type MarkedProcess } from './process-table.ts';
import type { LocalRevision, LocalState } from './state.ts';
import { stopProcess } from './stop-process.ts';
import type { World } from './world.ts';

/** Running processes of one function. */
export const processesOf = (world: World, place: Place): MarkedProcess[] =>
  world.table.marked().filter((p) => p.mark.tag === place.tag);

/** The process of a recorded revision, if it runs and carries our mark with that revision. */
export const processOf = (world: World, place: Place, revision: LocalRevision): MarkedProcess | undefined =>
  processesOf(world, place).find(
    (p) => p.pid === revision.pid && p.started === revision.started && p.mark.revision === revision.id,
  );

/**
 * Stops what killed runs left behind: candidates and live processes that no state names (only the holder of the lock
 * starts such, so they are nobody's), and samples whose run has ended. Then removes files that belong to nothing.
 */
export async function sweep(world: World, place: Place, state: LocalState): Promise<void> {
  const known = new Set(state.revisions.map((r) => `${r.pid}-${r.started}`));
  for (const found of processesOf(world, place)) {
    const isOrphan =
      found.mark.role === 'sample'
        ? !isRunning(world.table, found.mark.owner)
        : !known.has(`${found.pid}-${found.started}`);
    if (!isOrphan) continue;
    world.log.info(`Stopping process ${found.pid} (${found.mark.role}), left behind by a run that was killed.`);
    await stopProcess(world.table, found);
  }
  await removeUnused(place.models, (name) => state.revisions.some((r) => r.id === name));
  await removeUnused(place.samples, (name) => {
    const [pid, started] = name.split('-');
    return isRunning(world.table, { pid: Number(pid), started: started ?? '' });
  });
}

/** Packages that nothing runs from any more. A sample of another run may be about to: it unpacks again. */
export async function removeOldPackages(world: World, place: Place, state: LocalState): Promise<void> {
  const sampling = processesOf(world, place).some((p) => p.mark.role === 'sample');
  if (sampling) return;
  const isUsed = (name: string): boolean => state.revisions.some((r) => r.packageSha256 === name);
  await removeUnused(place.packages, isUsed);
  await removeUnused(place.code, isUsed);
}

async function removeUnused(dir: string, isUsed: (name: string) => boolean): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names) if (!isUsed(name)) await discard(join(dir, name));
}
