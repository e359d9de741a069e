import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { discard } from '../../package/verified-folder.ts';
import type { Role } from '../../rollout/platform.ts';
import type { LocalContext } from './context.ts';
import type { FunctionPaths } from './paths.ts';
import { isRunning, type MarkedProcess } from './process-table.ts';
import type { LocalRevision, LocalState } from './state.ts';
import { stopProcess } from './stop-process.ts';

/** Running processes of one function. */
export const processesOf = (context: LocalContext, place: FunctionPaths): MarkedProcess[] =>
  context.table.marked().filter((p) => p.mark.tag === place.tag);

/** The process of a recorded revision, if it runs and carries our mark with that revision. */
export const processOf = (
  context: LocalContext,
  place: FunctionPaths,
  revision: LocalRevision,
): MarkedProcess | undefined =>
  processesOf(context, place).find(
    (p) => p.pid === revision.pid && p.started === revision.started && p.mark.revision === revision.id,
  );

/**
 * Stops what killed runs left behind: candidates and live processes that no state names (only the holder of the lock
 * starts them, so no other run uses them), and samples whose run has ended. Then removes files that belong to nothing.
 * A live process is stopped only while the live one is being changed: if its record was lost, it is what still serves.
 */
export async function sweep(context: LocalContext, place: FunctionPaths, state: LocalState, role: Role): Promise<void> {
  const known = recorded(state);
  for (const found of processesOf(context, place)) {
    if (!isOrphan(context, found, known) || (found.mark.role === 'live' && role !== 'live')) continue;
    context.log.info(`Stopping process ${found.pid} (${found.mark.role}), left behind by a run that was killed.`);
    await stopProcess(context.table, found);
  }
  const running = new Set(processesOf(context, place).map(({ mark }) => mark.revision));
  await removeUnused(place.models, (name) => running.has(name) || state.revisions.some((r) => r.id === name));
  await removeUnused(place.samples, (name) => {
    const [pid, started] = name.split('-');
    return isRunning(context.table, { pid: Number(pid), started: started ?? '' });
  });
}

const recorded = ({ revisions }: LocalState): ReadonlySet<string> =>
  new Set(revisions.map(({ pid, started }) => `${pid}-${started}`));

function isOrphan({ table }: LocalContext, found: MarkedProcess, known: ReadonlySet<string>): boolean {
  if (found.mark.role === 'sample') return !isRunning(table, found.mark.owner);
  return !known.has(`${found.pid}-${found.started}`);
}

/** Removes packages that nothing runs from; none while a process runs whose package is unknown. */
export async function removeOldPackages(context: LocalContext, place: FunctionPaths, state: LocalState): Promise<void> {
  const known = recorded(state);
  const unknown = processesOf(context, place).some(({ pid, started }) => !known.has(`${pid}-${started}`));
  if (unknown) return;
  const isUsed = (name: string): boolean => state.revisions.some((r) => r.packageSha256 === name);
  await removeUnused(place.packages, isUsed);
  await removeUnused(place.code, isUsed);
}

async function removeUnused(dir: string, isUsed: (name: string) => boolean): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names) if (!isUsed(name)) await discard(join(dir, name));
}
