import type { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { NotFoundError, PreconditionError, UnavailableError, UnsupportedError } from '../store.ts';
import { causeOf, readFailure } from './answer.ts';
import { comparedEtag } from './condition.ts';
import type { S3Context } from './context.ts';
import { explained } from './send.ts';

/** One state of an object, as far as reading its bytes goes. */
export interface Reading {
  context: S3Context;
  key: string;
  size: number;
  etag: string;
  /** Cuts all requests of this reading. */
  stop: AbortController;
}

/** Connections in a row that bring no byte before reading is given up. */
const patience = 4;

/**
 * The bytes from `from` up to `to`, in order; `begun` is an answer that brings those from `from` and may go on beyond. A
 * connection that is cut or falls silent is followed by another for the rest, on the condition that the object is the
 * same still. Throws PreconditionError when it is not, UnavailableError when the bytes do not come.
 */
export async function* readRange(
  reading: Reading,
  from: number,
  to: number,
  begun?: Readable,
): AsyncGenerator<Uint8Array> {
  let stream = begun;
  let at = from;
  for (let barren = 0; at < to; ) {
    const before = at;
    let failure: unknown;
    stream ??= await openRange(reading, at, to);
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        const part = chunk.subarray(0, to - at);
        at += part.byteLength;
        yield part;
        // An answer for just this range is read to its end all the same: only so can its connection be used again.
        if (at === to && stream === begun && to < reading.size) return;
      }
    } catch (thrown) {
      failure = thrown;
    }
    stream = undefined;
    if (at === to) return;
    barren = at > before ? 0 : barren + 1;
    if (barren === patience || reading.stop.signal.aborted) throw cutShort(reading, at, failure);
    if (barren > 0) await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** barren));
  }
}

/** The bytes of a range, whole. */
export async function gatherRange(reading: Reading, from: number, to: number): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readRange(reading, from, to)) chunks.push(chunk);
  return chunks;
}

async function openRange({ context, key, etag, stop }: Reading, from: number, to: number): Promise<Readable> {
  const { place, patient } = context;
  const asked = { action: 'GetObject', key } as const;
  const range = { Range: `bytes=${from}-${to - 1}`, IfMatch: comparedEtag(context, etag) };
  const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.nameOf(key), ...range });
  try {
    const send = () => patient.send(command, { abortSignal: stop.signal });
    const { Body, ContentRange } = await explained(context, asked, send);
    if (ContentRange?.startsWith(`bytes ${from}-${to - 1}/`)) return Body as Readable;
    (Body as Readable).destroy();
  } catch (thrown) {
    // Removed since it was opened: to the reader that is one kind of change.
    if (thrown instanceof NotFoundError) throw new PreconditionError(place.url, key, { cause: thrown });
    throw thrown;
  }
  throw new UnsupportedError('reading a range of an object', { store: place.url, key });
}

function cutShort({ context, key, size }: Reading, at: number, failure: unknown): UnavailableError {
  const message = `${key} in ${context.place.url} stopped coming after ${at} of ${size} bytes, and asking again brought none.`;
  const cause = failure === undefined ? undefined : causeOf(readFailure(failure));
  return new UnavailableError(message, { store: context.place.url, key, cause });
}
