import type { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { ObjectInfo, StoredObject, Token } from '../store.ts';
import { readFailure } from './answer.ts';
import { comparedEtag } from './condition.ts';
import type { S3Context } from './context.ts';
import { explain } from './fault.ts';
import { infoOf } from './info.ts';
import { gatherRange, type Reading, readRange } from './range.ts';
import { etagOf } from './token.ts';

/** The object, or `unchanged` where it has the token still. Throws NotFoundError. */
export async function getObject(
  context: S3Context,
  key: string,
  ifChanged: Token | undefined,
): Promise<StoredObject | 'unchanged'> {
  const { place, patient } = context;
  const asked = { action: 'GetObject', key } as const;
  const etag = ifChanged === undefined ? undefined : etagOf(ifChanged);
  const condition = etag === undefined ? {} : { IfNoneMatch: comparedEtag(context, etag) };
  const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.nameOf(key), ...condition });
  let answer: GetObjectCommandOutput;
  try {
    answer = await patient.send(command);
  } catch (thrown) {
    if (readFailure(thrown).status === 304) return 'unchanged';
    throw explain(thrown, context, asked);
  }
  const first = answer.Body as Readable;
  try {
    const info = infoOf(context, asked, answer);
    // A server may ignore the condition and send it all.
    if (info.token !== ifChanged) return { info, body: new ObjectBytes(readingOf(context, info), first) };
    first.destroy();
    return 'unchanged';
  } catch (thrown) {
    first.destroy();
    throw thrown;
  }
}

const readingOf = (context: S3Context, { key, size, token }: ObjectInfo): Reading => ({
  context,
  key,
  size,
  etag: etagOf(token) ?? '',
  stop: new AbortController(),
});

/**
 * The bytes of an object, as the first answer brings them; of a large object the rest comes in ranges, several at a
 * time, because one connection to S3 is slower than most networks. Closes its connections at the end, on a failure and
 * when it is returned, even before the first chunk.
 */
class ObjectBytes implements AsyncIterableIterator<Uint8Array> {
  readonly #reading: Reading;
  readonly #first: Readable;
  readonly #bytes: AsyncGenerator<Uint8Array>;

  constructor(reading: Reading, first: Readable) {
    this.#reading = reading;
    this.#first = first;
    // Its failure is told to whoever reads on; until then it must not count as unhandled.
    first.on('error', () => {});
    this.#bytes = inRanges(reading, first);
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    return this.#bytes.next();
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#reading.stop.abort();
    this.#first.destroy();
    await this.#bytes.return(undefined).catch(() => {});
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

async function* inRanges(reading: Reading, first: Readable): AsyncGenerator<Uint8Array> {
  const { size, context } = reading;
  const { partBytes } = context.limits;
  if (size <= 2 * partBytes) return yield* readRange(reading, 0, size, first);
  const rest = new ReadAhead(reading, partBytes);
  try {
    rest.fill();
    yield* readRange(reading, 0, partBytes, first);
    while (rest.hasMore()) yield* rest.nextRange();
  } finally {
    rest.leave();
  }
}

/** Ranges that are gathered in memory before their turn, as many as the store's budget allows. */
class ReadAhead {
  readonly #reading: Reading;
  readonly #budget: { free: number };
  readonly #waiting: Promise<Uint8Array[]>[] = [];
  #next: number;

  constructor(reading: Reading, from: number) {
    this.#reading = reading;
    this.#budget = reading.context.ahead;
    this.#next = from;
  }

  hasMore(): boolean {
    return this.#waiting.length > 0 || this.#next < this.#reading.size;
  }

  fill(): void {
    for (; this.#budget.free > 0 && this.#next < this.#reading.size; this.#budget.free -= 1) {
      const range = gatherRange(this.#reading, ...this.#take());
      // Thrown when its turn comes.
      range.catch(() => {});
      this.#waiting.push(range);
    }
  }

  async *nextRange(): AsyncGenerator<Uint8Array> {
    const range = this.#waiting.shift();
    // Other readers may hold the whole budget, and wait for this one: so it goes on without.
    if (!range) return yield* readRange(this.#reading, ...this.#take());
    try {
      yield* await range;
    } finally {
      this.#budget.free += 1;
    }
    this.fill();
  }

  leave(): void {
    if (this.#waiting.length > 0) this.#reading.stop.abort();
    this.#budget.free += this.#waiting.length;
  }

  #take(): [from: number, to: number] {
    const from = this.#next;
    this.#next = Math.min(this.#reading.size, from + this.#reading.context.limits.partBytes);
    return [from, this.#next];
  }
}
