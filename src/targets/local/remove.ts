import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Change } from '../../rollout/target.ts';
import type { LocalContext } from './context.ts';
import type { FunctionPaths } from './paths.ts';
import type { MarkedProcess } from './process-table.ts';
import { queueChanges } from './queue.ts';
import type { LocalRevision } from './state.ts';
import { stopProcess } from './stop-process.ts';
import { processesOf } from './sweep.ts';
import { dropRevision, type LocalProcess, type LocalView } from './view.ts';

/** Stops revisions and removes their files; the log of one that failed stays, to be read. */
export async function retireRevisions(
  context: LocalContext,
  view: LocalView,
  revisions: readonly LocalProcess[],
  failed: boolean,
): Promise<void> {
  for (const revision of revisions) {
    await dropRevision(context, view, revision);
    if (failed || view.state.revisions.some(({ id }) => id === revision.id)) continue;
    for (const ending of ['.log', '.log.previous']) {
      await rm(join(view.place.logs, `${revision.id}${ending}`), { force: true });
    }
  }
}

/** Leaves nothing of a function, running or on disk, even where its state was deleted by hand: processes carry marks. */
export async function removeAll(context: LocalContext, { place, state }: LocalView): Promise<Change[]> {
  const running = processesOf(context, place);
  const queue = await queueChanges(place);
  for (const found of running) await stopProcess(context.table, found);
  await rm(place.dir, { recursive: true, force: true });
  await removeLockLeftovers(place);
  const known = state.revisions.map((revision) => nameOf(place, revision));
  const strays = running.filter((p) => !state.revisions.some((r) => r.pid === p.pid)).map((p) => strayName(place, p));
  return [...[...known, ...strays].map((what): Change => ({ action: 'delete', what })), ...queue];
}

/** Whether there is anything of the function. */
export const exists = async (context: LocalContext, place: FunctionPaths): Promise<boolean> => {
  if (processesOf(context, place).length > 0) return true;
  return stat(place.dir).then(
    () => true,
    () => false,
  );
};

/** What runs that were killed while taking the lock have left beside it. */
async function removeLockLeftovers(place: FunctionPaths): Promise<void> {
  const folder = dirname(place.lock);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (name.startsWith(`${basename(place.lock)}.`)) await rm(join(folder, name), { force: true });
  }
}

const nameOf = (place: FunctionPaths, { role, version, port, pid }: LocalRevision): string =>
  `${role} of ${place.name}${version === null ? '' : ` ${version}`} (port ${port}, process ${pid})`;

const strayName = (place: FunctionPaths, { mark, pid }: MarkedProcess): string =>
  `${mark.role} of ${place.name} left by a killed run (process ${pid})`;
