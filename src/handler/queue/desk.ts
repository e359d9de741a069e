import { openObjects } from '../objects/open-objects.ts';
import { keyIn } from '../readers/object-service.ts';
import { type Settings, SettingsError, type Variables } from '../settings.ts';
import { timeOfId } from './job.ts';
import type { Queue } from './queue.ts';

/** What is kept of jobs beside their messages, below the prefix of the function: docs/queue.md. */
export interface Desk {
  queue: Queue;
  /** Deliveries of a message before it is given up. */
  attempts: number;
  keepDays: number;
  /** Address of what is kept under the name, for people. */
  url(name: string): string;
  has(name: string): Promise<boolean>;
  read(name: string): Promise<Buffer | undefined>;
  /** False where it is there already. */
  create(name: string, body: Uint8Array, type?: string): Promise<boolean>;
}

/** Opens both when a request or a message first needs them. */
export type OpenDesk = () => Promise<Desk>;

const json = 'application/json';
const isPrefix = (text: string): boolean => /^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\/){1,8}$/.test(text);

/** Throws SettingsError where variables are wrong, or the store takes no results. */
export async function openDesk(
  { source, model }: Pick<Settings, 'source' | 'model'>,
  variables: Variables,
  queue: Queue,
): Promise<Desk> {
  const problems: string[] = [];
  const prefix = variables['COLDGATE_QUEUE_PREFIX'] || `_coldgate/async/${model}/`;
  if (!isPrefix(prefix)) problems.push(`COLDGATE_QUEUE_PREFIX: expected a key prefix that ends in /.`);
  const whole = (name: string, otherwise: number, most: number): number => {
    const text = variables[name] || String(otherwise);
    const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > most) problems.push(`${name}: expected a whole number from 1 to ${most}.`);
    return value;
  };
  const attempts = whole('COLDGATE_QUEUE_ATTEMPTS', 5, 1000);
  const keepDays = whole('COLDGATE_QUEUE_KEEP_DAYS', 7, 365);
  if (problems.length > 0) throw new SettingsError(problems);
  const objects = await openObjects(source, variables);
  const isFolder = source.store === 'file';
  const bucket = isFolder ? source.root : source.bucket;
  const keyOf = (name: string): string => keyIn(isFolder ? '' : source.root, `${prefix}${name}`);
  return {
    ...{ queue, attempts, keepDays },
    url: (name) => `${objects.scheme}://${bucket}/${keyOf(name)}`,
    has: (name) => objects.exists(bucket, keyOf(name)),
    async read(name) {
      const body = await objects.read({ bucket, key: keyOf(name) });
      return body === 'gone' ? undefined : collect(body);
    },
    create: (name, body, type = json) => objects.create(bucket, keyOf(name), body, type),
  };
}

/** Chunks may be overwritten once the next but one was asked for. */
async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of body) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}

export const resultName = (id: string): string => `results/${id}.json`;
export const inputName = (id: string): string => `inputs/${id}`;
export const keyName = (digest: string): string => `keys/${digest}.json`;
/** Why a message was given up. */
export const deadName = (id: string): string => `dead/${id}.json`;
/** The same, written before the last attempt, for where that one ends the process. */
export const lastName = (id: string): string => `dead/${id}.last.json`;

/** How far two clocks may be apart, ms. */
const skewMs = 5 * 60_000;

/** Whether there may be a job of this id, by its age alone: nothing is kept of one before it is done. */
export function isRecent(id: string, keepDays: number, now: number): boolean {
  const at = timeOfId(id);
  return at !== undefined && at < now + skewMs && at > now - keepDays * 86_400_000;
}
