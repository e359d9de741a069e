import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Change, QueueState } from '../../rollout/target.ts';
import { queueVariables } from '../queue-variables.ts';
import type { LocalContext } from './context.ts';
import type { FunctionPaths } from './paths.ts';

/** Variables of a live process that has a folder as its queue. */
export const folderVariables = ({ queue }: LocalContext, place: FunctionPaths): Record<string, string> =>
  queue
    ? {
        ...queueVariables(place.name, queue),
        COLDGATE_QUEUE: pathToFileURL(place.queue).href,
        COLDGATE_QUEUE_CONCURRENCY: String(queue.maxConcurrency),
      }
    : {};

/** Messages by where they are; undefined where there is no queue. */
export async function queueState({ queue }: FunctionPaths): Promise<QueueState | undefined> {
  const names = await readdir(queue).catch(() => undefined);
  if (!names) return undefined;
  const count = async (state: string): Promise<number> =>
    (await readdir(join(queue, state)).catch(() => [])).filter((file) => !file.endsWith('.json')).length;
  return { waiting: await count('ready'), working: await count('work'), dead: await count('dead') };
}

/** The queue as what goes with the function, messages included. */
export async function queueChanges(place: FunctionPaths): Promise<Change[]> {
  const state = await queueState(place);
  return state ? [{ action: 'delete', what: `the queue of ${place.name} with ${totalOf(state)} messages` }] : [];
}

const totalOf = ({ waiting, working, dead }: QueueState): number => waiting + working + dead;

/**
 * Names the revision that may do the queue's work, which no other process does then. Without `queue:` the folder goes, unless
 * there is something in it. Returns whether anything was changed.
 */
export async function ensureQueue(context: LocalContext, place: FunctionPaths, revision: string): Promise<boolean> {
  if (!context.queue) return endQueue(context, place);
  const live = join(place.queue, 'live');
  const now = await readFile(live, 'utf8').catch(() => undefined);
  if (now === revision) return false;
  await mkdir(place.queue, { recursive: true });
  await writeFile(`${live}.new`, revision);
  await rename(`${live}.new`, live);
  return true;
}

async function endQueue({ log }: LocalContext, place: FunctionPaths): Promise<boolean> {
  const state = await queueState(place);
  if (!state) return false;
  const left = totalOf(state);
  if (left > 0) {
    log.warn(
      `The queue of ${place.name} is kept: ${left} messages are in ${place.queue}. Put queue: back to have them done.`,
    );
    return false;
  }
  await rm(place.queue, { recursive: true, force: true });
  return true;
}
