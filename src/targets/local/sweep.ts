import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { discard } from '../../package/verified-folder.ts';
import type { LocalContext } from './context.ts';
import type { Place } from './place.ts';
import { isRunning, type MarkedProcess } from './process-table.ts';
import type { LocalRevision, LocalState } from './state.ts';
import { stopProcess } from './stop-process.ts';

/** Running processes of one function. */
export const processesOf = (context: LocalContext, place: Place): MarkedProcess[] =>
  context.table.marked().filter((p) => p.mark.tag === place.tag);

/** The process of a recorded revision, if it runs and carries our mark with that revision. */
export const processOf = (context: LocalContext, place: Place, revision: LocalRevision): MarkedProcess | undefined =>
  processesOf(context, place).find(
    (p) => p.pid === revision.pid && p.started === revision.started && p.mark.revision === revision.id,
  );

/**
 * Stops what killed runs left behind: candidates and live processes that no state names (only the holder of the lock
 * starts such, so they are nobody's), and samples whose run has ended. Then removes files that belong to nothing.
 */
export async function sweep(context: LocalContext, place: Place, state: LocalState): Promise<void> {
  const known = new Set(state.revisions.map((r) => `${r.pid}-${r.started}`));
  for (const found of processesOf(context, place)) {
    const isOrphan =
      found.mark.role === 'sample'
        ? !isRunning(context.table, found.mark.owner)
        : !known.has(`${found.pid}-${found.started}`);
    if (!isOrphan) continue;
    context.log.info(`Stopping process ${found.pid} (${found.mark.role}), left behind by a run that was killed.`);
    await stopProcess(context.table, found);
  }
  await removeUnused(place.models, (name) => state.revisions.some((r) => r.id === name));
  await removeUnused(place.samples, (name) => {
    const [pid, started] = name.split('-');
    return isRunning(context.table, { pid: Number(pid), started: started ?? '' });
  });
}

/** Packages that nothing runs from any more. A sample of another run may be about to: it unpacks again. */
export async function removeOldPackages(context: LocalContext, place: Place, state: LocalState): Promise<void> {
  const sampling = processesOf(context, place).some((p) => p.mark.role === 'sample');
  if (sampling) return;
  const isUsed = (name: string): boolean => state.revisions.some((r) => r.packageSha256 === name);
  await removeUnused(place.packages, isUsed);
  await removeUnused(place.code, isUsed);
}

async function removeUnused(dir: string, isUsed: (name: string) => boolean): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names) if (!isUsed(name)) await discard(join(dir, name));
}
