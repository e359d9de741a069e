import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Change } from '../target.ts';
import { type Place, placeOf } from './place.ts';
import type { MarkedProcess } from './process-table.ts';
import { dropRevision } from './revision.ts';
import { type LocalRevision, readState } from './state.ts';
import { stopProcess } from './stop-process.ts';
import { processesOf, removeOldPackages, sweep } from './sweep.ts';
import { inPlace, type World } from './world.ts';

/**
 * Stops processes of a function and removes their files; `all` leaves nothing of it, running or on disk. What is already
 * gone is fine, and a state that was deleted by hand too: processes are found by their marks.
 */
export async function removeFunction(
  world: World,
  name: string,
  what: 'candidates' | 'all',
  keep?: string,
): Promise<Change[]> {
  const place = await placeOf(world.stateDir, name);
  // A run that was killed at the end of its removal leaves no more than the lock, or the folder around it.
  const isGone = !(await exists(place.dir)) && !(await exists(place.lock)) && processesOf(world, place).length === 0;
  const work = () => (what === 'all' ? removeAll(world, place) : removeSome(world, place, keep));
  const changes = isGone ? [] : await inPlace(world, name, work);
  // Goes when the last function of the environment has gone, and stays without complaint otherwise.
  if (what === 'all') await rmdir(world.stateDir).catch(() => {});
  return changes;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

async function removeSome(world: World, place: Place, keep?: string): Promise<Change[]> {
  let state = await readState(place.state);
  await sweep(world, place, state);
  const candidates = state.revisions.filter(
    (r) => r.role === 'candidate' && (keep === undefined || r.version !== keep),
  );
  for (const candidate of candidates) {
    state = await dropRevision(world, place, state, candidate);
    for (const ending of ['.log', '.log.previous'])
      await rm(join(place.logs, `${candidate.id}${ending}`), { force: true });
  }
  await removeOldPackages(world, place, state);
  return candidates.map((candidate) => ({ action: 'delete', what: nameOf(place, candidate) }));
}

async function removeAll(world: World, place: Place): Promise<Change[]> {
  const state = await readState(place.state);
  const running = processesOf(world, place);
  for (const found of running) await stopProcess(world.table, found);
  await rm(place.dir, { recursive: true, force: true });
  await removeLockLeftovers(place);
  const known = state.revisions.map((revision) => nameOf(place, revision));
  const strays = running.filter((p) => !state.revisions.some((r) => r.pid === p.pid)).map((p) => strayName(place, p));
  return [...known, ...strays].map((text) => ({ action: 'delete', what: text }));
}

/** What runs that were killed while taking the lock have left beside it. */
async function removeLockLeftovers(place: Place): Promise<void> {
  const folder = dirname(place.lock);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (name.startsWith(`${basename(place.lock)}.`)) await rm(join(folder, name), { force: true });
  }
}

const nameOf = (place: Place, { role, version, port, pid }: LocalRevision): string =>
  `${role} of ${place.name}${version === null ? '' : ` ${version}`} (port ${port}, process ${pid})`;

const strayName = (place: Place, { mark, pid }: MarkedProcess): string =>
  `${mark.role} of ${place.name} left by a killed run (process ${pid})`;
