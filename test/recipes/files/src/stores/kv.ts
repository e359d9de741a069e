import type { StoreSettings } from '../config/types.ts';
import { cancelBody } from './cancel-body.ts';
import { type CloudDriver, CloudStore } from './cloud-store.ts';
import {
  AlreadyExistsError,
  type Body,
  NotFoundError,
  type ObjectInfo,
  PreconditionError,
  type Store,
  UnavailableError,
  UnsupportedError,
} from './store.ts';

interface KvContext {
  place: { url: string };
  /** Base URL of the bucket, with a slash at its end. */
  base: string;
}

const tokenPrefix = 'kv:';

const encoded = (key: string): string => key.split('/').map(encodeURIComponent).join('/');

/** One request. Throws UnavailableError where there is no answer, or a failure of the server. */
async function send({ base, place }: KvContext, key: string, init: RequestInit = {}): Promise<Response> {
  const path = key.startsWith('?') ? key : encoded(key);
  try {
    const response = await fetch(`${base}${path}`, init);
    if (response.status < 500) return response;
    await response.body?.cancel();
    throw new Error(`it answered ${response.status}`);
  } catch (cause) {
    throw new UnavailableError(`${place.url} did not answer: ${cause}`, { store: place.url, key, cause });
  }
}

const headersOf = (response: Response, key: string): ObjectInfo => ({
  key,
  size: Number(response.headers.get('x-size')),
  token: `${tokenPrefix}${response.headers.get('etag')}`,
  modified: new Date(Number(response.headers.get('x-modified'))),
  meta: {
    ...(response.headers.has('content-type') && { contentType: response.headers.get('content-type')! }),
    ...(response.headers.has('cache-control') && { cacheControl: response.headers.get('cache-control')! }),
  },
});

/** A token of another store is never current here. */
function etagOf({ place }: KvContext, key: string, token: string): string {
  if (!token.startsWith(tokenPrefix)) throw new PreconditionError(place.url, key);
  return token.slice(tokenPrefix.length);
}

async function collect(body: Body): Promise<Uint8Array<ArrayBuffer>> {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(new Uint8Array(chunk));
  return new Uint8Array(Buffer.concat(chunks));
}

const driver: CloudDriver<KvContext> = {
  scheme: 'kv',

  async put(context, key, body, when, meta) {
    const condition: Record<string, string> =
      when === 'absent' ? { 'if-none-match': '*' } : await refusing(body, () => ifMatch(context, key, when.unchanged));
    const headers = {
      ...condition,
      ...(meta.contentType && { 'content-type': meta.contentType }),
      ...(meta.cacheControl && { 'cache-control': meta.cacheControl }),
    };
    const response = await send(context, key, { method: 'PUT', headers, body: await collect(body) });
    if (response.status === 201) return headersOf(response, key).token;
    if (when === 'absent') throw new AlreadyExistsError(context.place.url, key);
    throw new PreconditionError(context.place.url, key);
  },

  async get(context, key, ifChanged) {
    const etag = ifChanged?.startsWith(tokenPrefix) ? ifChanged.slice(tokenPrefix.length) : undefined;
    const response = await send(context, key, { headers: etag === undefined ? {} : { 'if-none-match': etag } });
    if (response.status === 304) return 'unchanged';
    if (response.status !== 200 || !response.body) throw new NotFoundError(context.place.url, key);
    return { info: headersOf(response, key), body: response.body as AsyncIterable<Uint8Array> };
  },

  async head(context, key) {
    const response = await send(context, key, { method: 'HEAD' });
    return response.status === 200 ? headersOf(response, key) : undefined;
  },

  async *list(context, prefix) {
    const response = await send(context, `?prefix=${encodeURIComponent(prefix)}`);
    const listed = (await response.json()) as { key: string; headers: Record<string, string> }[];
    for (const { key, headers } of listed) yield headersOf(new Response(null, { headers }), key);
  },

  async remove(context, key, token) {
    const response = await send(context, key, { method: 'DELETE', headers: ifMatch(context, key, token) });
    if (response.status === 412) throw new PreconditionError(context.place.url, key);
  },

  async sign({ place }, key) {
    throw new UnsupportedError('signed URLs', { store: place.url, key });
  },

  async copy() {
    return undefined;
  },
};

const ifMatch = (context: KvContext, key: string, token: string): Record<string, string> => ({
  'if-match': etagOf(context, key, token),
});

/** What refuses before the body is read returns the body. */
async function refusing<T>(body: Body, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    await cancelBody(body);
    throw error;
  }
}

/** Opens `kv://bucket/prefix` at the endpoint. */
export function openKvStore({ url, endpoint }: StoreSettings): Store {
  return new CloudStore(driver, { place: { url }, base: `${endpoint}/${url.slice('kv://'.length)}/` });
}
