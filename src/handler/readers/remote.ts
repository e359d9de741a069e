import { LoadError } from '../model/load-error.ts';
import { uniqueId } from '../unique-id.ts';
import type { Answer } from './answer.ts';
import { joinChunks } from './chunks.ts';
import { defaultLimits, type Limits } from './limits.ts';
import type { ObjectService, ReadConditions } from './object-service.ts';
import { parallelBytes } from './parallel-bytes.ts';
import { persist } from './persist.ts';
import { RangedObject } from './ranged-object.ts';
import type { Reader, ReadObject } from './reader.ts';
import { refusal, unanswered } from './refusal.ts';
import { ReplacedError } from './replaced.ts';

/** Reads objects of a service over HTTP: what is the same for all of them. */
export function openRemoteReader(service: ObjectService, limits: Limits = defaultLimits): Reader {
  const prefix = `${service.scheme}:`;
  async function read(key: string): Promise<ReadObject>;
  async function read(key: string, options: { ifChanged: string | undefined }): Promise<ReadObject | 'unchanged'>;
  async function read(key: string, options?: { ifChanged: string | undefined }): Promise<ReadObject | 'unchanged'> {
    const token = options?.ifChanged;
    // A token of another store is not valid for this one.
    const unless = token?.startsWith(prefix) ? token.slice(prefix.length) : undefined;
    // A look of an instance that serves: the next one comes soon, and fleets of them must not weigh on a store in trouble.
    const patience = unless === undefined ? limits : { ...limits, retries: Math.min(limits.retries, 1) };
    return readObject(service, key, { unless }, patience);
  }
  return { url: service.url, remote: true, read };
}

/**
 * One conditional read. Throws LoadError `model-not-found`, `store-denied` or `store-unavailable`; so does the body,
 * and ReplacedError where the object is not, or no longer, the one that the conditions name.
 */
export async function readObject(
  service: ObjectService,
  key: string,
  conditions: Pick<ReadConditions, 'unless' | 'only'>,
  limits: Limits,
): Promise<ReadObject | 'unchanged'> {
  const stop = new AbortController();
  const ask = (): Promise<Answer> => service.ask(key, { ...conditions, signal: stop.signal });
  const answer = await persist(ask, limits).catch((error: unknown) => {
    throw unanswered(service, key, error);
  });
  const version = answer.status === 200 ? service.version(answer) : undefined;
  const same = answer.status === 304 || (version !== undefined && version === conditions.unless);
  if (same && conditions.unless !== undefined) {
    // Read to its end, which comes at once, it leaves the connection to what is read next.
    if (answer.status === 304) await answer.text();
    answer.drop();
    return 'unchanged';
  }
  if (answer.status === 412 && conditions.only !== undefined) {
    answer.drop();
    throw new ReplacedError(key, service.url);
  }
  if (answer.status !== 200) throw await refusal(service, key, answer);
  const size = sizeOf(service, key, answer);
  const object = new RangedObject(service, key, { version, size, limits, signal: stop.signal });
  const apart = size >= limits.largeBytes && version !== undefined && (service.divisible?.(answer) ?? true);
  const bytes = apart ? parallelBytes(object, answer) : joinChunks(object.bytes(0, size, answer), size);
  return { token: `${service.scheme}:${version ?? uniqueId()}`, size, body: until(bytes, stop) };
}

function sizeOf(service: ObjectService, key: string, answer: Answer): number {
  const text = answer.header('content-length') ?? '';
  const known = /^\d{1,15}$/.test(text);
  const untouched = service.untouched?.(answer) ?? true;
  if (known && untouched) return Number(text);
  answer.drop();
  const what = untouched ? `does not report the length of ${key}` : `sends ${key} other than stored`;
  throw new LoadError('store-unavailable', `${service.url} ${what}.`);
}

/** Lets go of every connection when the reader stops, wherever it stops. */
async function* until(bytes: AsyncIterable<Uint8Array>, stop: AbortController): AsyncGenerator<Uint8Array> {
  let ended = false;
  try {
    yield* bytes;
    ended = true;
  } finally {
    // At the end there is nothing to stop but connections that others may use.
    if (!ended) stop.abort();
  }
}
