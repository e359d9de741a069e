import type { Readable } from 'node:stream';
import { RangedBody, type RangedObject } from './ranged-body.ts';
import {
  NotFoundError,
  type ObjectInfo,
  PreconditionError,
  type StoredObject,
  type Token,
  UnavailableError,
  UnsupportedError,
} from './store.ts';

/** How one cloud reads an object, for `openedObject`. */
export interface ObjectReads extends Pick<RangedObject, 'rangeBytes' | 'stallMs' | 'ahead'> {
  /** URL of the store, for errors. */
  store: string;
  key: string;
  /**
   * Asks for the bytes from `from` up to `to` of the state that the token names. Throws NotFoundError or PreconditionError
   * where that is no longer there.
   */
  openRange(
    token: Token,
    range: { from: number; to: number; stop: AbortSignal },
  ): Promise<{ stream: Readable; contentRange: string | undefined }>;
  /** The failure of a connection, as errors carry it. */
  causeOf(thrown: unknown): Error;
}

/**
 * The object that an answer has opened, or `unchanged` where it has the token still: a server may ignore that condition and
 * send it all. Closes the answer unless it returns a body.
 * @param first brings the first range, or all where that is less
 * @param describe the object that the answer describes; what it throws is thrown
 */
export function openedObject(
  reads: ObjectReads,
  first: Readable,
  describe: () => ObjectInfo,
  ifChanged: Token | undefined,
): StoredObject | 'unchanged' {
  try {
    const info = describe();
    if (info.token !== ifChanged) return { info, body: bodyOf(reads, info, first) };
    first.destroy();
    return 'unchanged';
  } catch (thrown) {
    first.destroy();
    throw thrown;
  }
}

/** Size of the whole object, of which an answer brings a range; undefined where it brings all. */
export function totalOf(contentRange: string | undefined): number | undefined {
  const total = /\/(\d+)$/.exec(contentRange ?? '')?.[1];
  return total === undefined ? undefined : Number(total);
}

function bodyOf(reads: ObjectReads, { size, token }: ObjectInfo, first: Readable): RangedBody {
  const { store, key, rangeBytes, stallMs, ahead } = reads;
  const cutShort = (at: number, cause: unknown) => {
    const message = `${key} in ${store} stopped coming after ${at} of ${size} bytes, and asking again brought none.`;
    return new UnavailableError(message, { store, key, ...(cause ? { cause: reads.causeOf(cause) } : {}) });
  };
  const open = (from: number, to: number, stop: AbortSignal) => openRange(reads, token, { from, to, stop });
  return new RangedBody({ size, rangeBytes, stallMs, ahead, open, cutShort }, first);
}

async function openRange(
  reads: ObjectReads,
  token: Token,
  range: { from: number; to: number; stop: AbortSignal },
): Promise<Readable> {
  const { store, key } = reads;
  try {
    const { stream, contentRange } = await reads.openRange(token, range);
    if (contentRange?.startsWith(`bytes ${range.from}-${range.to - 1}/`)) return stream;
    stream.destroy();
  } catch (thrown) {
    // Removed since it was opened: to the reader that is one kind of change.
    if (thrown instanceof NotFoundError) throw new PreconditionError(store, key, { cause: thrown });
    throw thrown;
  }
  throw new UnsupportedError('reading a range of an object', { store, key });
}
