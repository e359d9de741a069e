import { RequestError } from '../http/request-error.ts';
import { addressOf } from './s3-client.ts';
import type { StoreSource } from './source.ts';
import { send } from './transport.ts';

/** How long those of one request may take, ms. */
const longestMs = 30_000;

/** An address at which the store's objects are asked for, and the path of its prefix there, with a slash at its end. */
interface Place {
  origin: string | RegExp;
  path: string;
}

/**
 * Reads what callers have uploaded below the prefix of the function's own store, by the signed URL that they send, and
 * nothing else: no other host, port, bucket or prefix, and no redirect. Of at most `limit` bytes together.
 */
export class Uploads {
  readonly #places: readonly Place[];
  readonly #limit: number;
  readonly #late = AbortSignal.timeout(longestMs);
  #left: number;

  constructor(source: StoreSource, limit: number) {
    this.#places = placesOf(source);
    this.#limit = limit;
    this.#left = limit;
  }

  /** Throws RequestError 400 naming `place`, which is never the URL: that may be signed. And 413. */
  async read(text: string, place: string): Promise<Uint8Array> {
    const url = this.#check(text, place);
    const headers = { 'accept-encoding': 'identity' };
    const request = { method: 'GET' as const, origin: new URL(url.origin), path: url.pathname + url.search, headers };
    const chunks: Buffer[] = [];
    try {
      const answer = await send({ ...request, signal: this.#late });
      if (answer.status !== 200) {
        answer.drop();
        throw unreadable(place, `the store answered ${answer.status}`);
      }
      for await (const chunk of answer.body()) {
        this.#left -= chunk.byteLength;
        if (this.#left < 0) throw new RequestError(413, 'payload-too-large', tooMuch(place, this.#limit));
        chunks.push(chunk);
      }
    } catch (error) {
      throw error instanceof RequestError ? error : unreadable(place, (error as Error).message);
    }
    return Buffer.concat(chunks);
  }

  #check(text: string, place: string): URL {
    const url = uploadUrl(this.#places, text);
    if (url) return url;
    const where =
      this.#places.length > 0 ? 'an object below its prefix in its store' : 'no object: its store takes none';
    throw new RequestError(400, 'bad-input', `${place}: this function reads ${where}, got another URL.`);
  }
}

/** The URL, if it names an object below one of the places. */
export function uploadUrl(places: readonly Place[], text: string): URL | undefined {
  const url = text.length <= 8192 && URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  const path = plainPath(url.pathname);
  const fits = ({ origin, path: below }: Place): boolean =>
    (typeof origin === 'string' ? url.origin === origin : origin.test(url.origin)) && path.startsWith(below);
  return places.some(fits) ? url : undefined;
}

const tooMuch = (place: string, limit: number): string =>
  `${place}: with it, uploads are larger than ${limit} bytes, the most that is taken here.`;

const unreadable = (place: string, why: string): RequestError =>
  new RequestError(400, 'upload-unreadable', `${place}: the upload could not be read: ${why}.`);

/** The path as the store will read it; empty where two readings are possible. */
function plainPath(path: string): string {
  try {
    const parts = path.split('/').map(decodeURIComponent);
    return parts.some((part) => /[/\\]|^\.{1,2}$/.test(part)) ? '' : parts.join('/');
  } catch {
    return '';
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Buckets of S3 and of Google have one owner whatever the region, so any of their hosts is the store's. */
export function placesOf({ store, bucket, root, endpoint }: StoreSource): Place[] {
  const below = root === '' ? '/' : `/${root}/`;
  const at = (address: URL, more: string): Place => ({
    origin: address.origin,
    path: `${address.pathname.replace(/\/+$/, '')}${more}${below}`,
  });
  switch (store) {
    case 's3': {
      if (endpoint !== undefined) {
        const { origin, prefix } = addressOf(bucket, '', endpoint);
        return [{ origin: origin.origin, path: prefix + below }];
      }
      const domain = String.raw`s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$`;
      return [
        { origin: new RegExp(`^https://${escaped(bucket)}\\.${domain}`), path: below },
        { origin: new RegExp(`^https://${domain}`), path: `/${bucket}${below}` },
      ];
    }
    case 'gcs':
      if (endpoint !== undefined) return [at(new URL(endpoint), `/${bucket}`)];
      return [
        { origin: 'https://storage.googleapis.com', path: `/${bucket}${below}` },
        { origin: `https://${bucket}.storage.googleapis.com`, path: below },
      ];
    case 'azure': {
      const [account = '', container = ''] = bucket.split('/');
      if (endpoint === undefined) {
        return [{ origin: `https://${account}.blob.core.windows.net`, path: `/${container}${below}` }];
      }
      const address = new URL(endpoint);
      const named = address.hostname.startsWith(`${account}.`) || address.pathname !== '/';
      return [at(address, named ? `/${container}` : `/${bucket}`)];
    }
    default:
      return [];
  }
}
