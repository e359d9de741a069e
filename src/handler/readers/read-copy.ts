import type { Note } from '../http/note.ts';
import { LoadError } from '../model/load-error.ts';
import { settles } from '../settles.ts';
import type { Answer } from './answer.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { conditionHeaders, type ObjectService, type ReadConditions } from './object-service.ts';
import type { ReadCopy, Reader, ReadObject } from './reader.ts';
import { openRemoteReader } from './remote.ts';
import { send } from './transport.ts';

/** Less patient than with a store: the store itself is there to be asked. */
const copyLimits: Limits = { ...defaultLimits, stallMs: 5000, deadlineMs: 5000, retries: 1 };
/** How long a copy that failed is passed by, a fifth more or less, ms. */
const bypassMs = 300_000;

export interface CopyOptions {
  limits?: Limits;
  /** Milliseconds on a clock that only moves forward. */
  now: () => number;
  /** 0 to 1. */
  random: () => number;
}

/** What of a refusal says which machine of a CDN refused, and why: CloudFront, Google, Front Door, and most caches. */
const traces = ['x-cache', 'x-amz-cf-id', 'x-azure-ref', 'via', 'age'] as const;

/** Objects below the URL of a cache in front of the store. The URL may be signed: its query is in no message. */
class CopiedObjects implements ObjectService {
  readonly scheme = 'copy';
  readonly url: string;
  readonly #base: URL;
  readonly #stallMs: number;
  readonly #stop: AbortSignal;

  /** @param stop ends what is read */
  constructor(url: string, limits: Limits, stop: AbortSignal) {
    this.#stop = stop;
    this.#base = new URL(url);
    this.url = `${this.#base.origin}${this.#base.pathname}`;
    this.#stallMs = limits.stallMs;
  }

  /**
   * Without credentials, cookies and conditions, so that every cache may answer: parts are held against each other by
   * their ETag and length, and all of them against the digest.
   */
  ask(key: string, { range, signal }: ReadConditions): Promise<Answer> {
    const { origin, pathname, search } = this.#base;
    const path = `${pathname.replace(/\/+$/, '')}/${key.split('/').map(encodeURIComponent).join('/')}${search}`;
    const headers = { 'accept-encoding': 'identity', ...conditionHeaders({ range }) };
    const either = signal ? AbortSignal.any([signal, this.#stop]) : this.#stop;
    return send({ method: 'GET', origin: new URL(origin), path, headers, signal: either, stallMs: this.#stallMs });
  }

  /** A weak tag does not promise equal bytes. */
  version(answer: Answer): string | undefined {
    const tag = answer.header('etag');
    return tag?.startsWith('"') ? tag : undefined;
  }

  divisible(answer: Answer): boolean {
    return answer.header('accept-ranges') === 'bytes';
  }

  untouched(answer: Answer): boolean {
    return (answer.header('content-encoding') ?? 'identity') === 'identity';
  }

  async explain(key: string, answer: Answer): Promise<LoadError> {
    const seen = traces.flatMap((name) => {
      const value = answer.header(name)?.replace(/[^\x20-\x7e]/g, '');
      return value ? [`${name}: ${value.slice(0, 120)}`] : [];
    });
    const from = seen.length > 0 ? ` (${seen.join(', ')})` : '';
    return new LoadError('store-unavailable', `${this.url} answered ${answer.status} to the read of ${key}${from}.`);
  }
}

/** The copy of a store that MODEL_READ_URL names. */
export function openReadCopy(url: string, { limits = copyLimits, now, random }: CopyOptions): ReadCopy {
  const { origin, pathname } = new URL(url);
  const shown = `${origin}${pathname}`;
  const read = async (key: string): Promise<ReadObject> => {
    const stop = new AbortController();
    const object = await openRemoteReader(new CopiedObjects(url, limits, stop.signal), limits).read(key);
    return { ...object, body: inTime(object.body, { url: shown, stop, chunkMs: 2 * limits.stallMs }) };
  };
  const reader = { url: shown, remote: true, read } as Reader;
  let note: Note = () => {};
  let bypassedUntil = Number.NEGATIVE_INFINITY;
  return {
    get reader(): Reader | undefined {
      return now() < bypassedUntil ? undefined : reader;
    },
    failed({ code, message: reason }: LoadError): void {
      // Files that come beside each other fail beside each other.
      if (now() < bypassedUntil) return;
      const ms = bypassMs * (0.8 + 0.4 * random());
      bypassedUntil = now() + ms;
      note('warn', 'read-url-bypassed', { code, reason, seconds: Math.round(ms / 1000) });
    },
    reportTo(write: Note): void {
      note = write;
    },
  };
}

/** Throws LoadError `store-unavailable` where a chunk of 1 MiB takes too long: bytes that trickle are no silence. */
async function* inTime(
  body: AsyncIterable<Uint8Array>,
  { url, stop, chunkMs }: { url: string; stop: AbortController; chunkMs: number },
): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = chunks.next();
      if (!(await settles(next, chunkMs))) {
        next.catch(() => {});
        stop.abort();
        throw new LoadError('store-unavailable', `${url} sent less than 1 MiB in ${chunkMs / 1000} s.`);
      }
      const { done, value } = await next;
      if (done) return;
      yield value;
    }
  } finally {
    chunks.return?.().catch(() => {});
  }
}
