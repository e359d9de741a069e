import { recycle } from '../chunk-pool.ts';
import { type ObjectMeta, type Precondition, type Token, UnavailableError } from '../store.ts';
import { commit, repeat } from './commit.ts';
import type { GcsContext } from './context.ts';
import { Crc32c } from './crc32c.ts';
import { RequestFailure } from './failure.ts';
import { explain, judgeWrite } from './fault.ts';
import { send, textOf } from './http.ts';
import type { ObjectResource } from './info.ts';
import { askedFor, checkWritten, resourceOf, uploadTo } from './write.ts';

/** What the server has after a request: so many bytes, or all and the object that they became. */
type Progress = { bytes: number } | { written: ObjectResource };

/**
 * An upload in pieces, one after the other, which the server keeps in a session; no reader sees them before the last
 * one. The session carries the precondition from its first request. After an interruption the server reports how many
 * bytes it has, and the rest is sent; after a lost last response it reports that the object is written, so that this
 * write is never taken for another's (docs/facts.md P1).
 */
export class ResumableUpload {
  readonly #context: GcsContext;
  readonly #key: string;
  readonly #when: Precondition;
  readonly #session: string;
  readonly #crc32c = new Crc32c();
  readonly #stop = new AbortController();
  #size = 0;

  private constructor(context: GcsContext, key: string, when: Precondition, session: string) {
    this.#context = context;
    this.#key = key;
    this.#when = when;
    this.#session = session;
  }

  static async begin(context: GcsContext, key: string, when: Precondition, meta: ObjectMeta): Promise<ResumableUpload> {
    const { path, query } = uploadTo(context, key, when);
    const request = {
      method: 'POST',
      path,
      query: { ...query, uploadType: 'resumable' },
      headers: {
        'content-type': 'application/json; charset=UTF-8',
        ...(meta.contentType === undefined ? {} : { 'x-upload-content-type': meta.contentType }),
      },
      body: [Buffer.from(JSON.stringify(resourceOf(context, key, meta)))],
    } as const;
    const judge = judgeWrite(context, askedFor(key, when), when);
    // Opening a session writes nothing, so that no answer of it hides a write.
    const judgeOpening = (thrown: unknown) => {
      const failure = judge(thrown);
      return failure.kind === 'unknown' ? { ...failure, kind: 'untouched' as const } : failure;
    };
    const answer = await commit(context, () => send(context, request), judgeOpening);
    answer.resume();
    const session = answer.headers.location;
    if (session) return new ResumableUpload(context, key, when, session);
    const message = `${key} in ${context.place.url}: the server opened no session for the upload.`;
    throw new UnavailableError(message, { store: context.place.url, key });
  }

  /** Sends a piece that is not the last, of a multiple of 256 KiB; its memory is used again. */
  async add(piece: Uint8Array): Promise<void> {
    const work = this.#sender(piece, undefined);
    const early = await repeat(this.#context, askedFor(this.#key, this.#when), work, this.#stop.signal);
    // No server may make an object of the first pieces alone; one that did has it removed.
    if (early) await checkWritten(this.#context, this.#key, early, { size: -1, crc32c: '' });
    this.#size += piece.byteLength;
    recycle(piece);
  }

  /** Sends the last piece, and with it makes the object. */
  async end(piece: Uint8Array): Promise<Token> {
    const context = this.#context;
    const work = this.#sender(piece, this.#size + piece.byteLength);
    const judge = judgeWrite(context, askedFor(this.#key, this.#when), this.#when);
    const written = (await commit(context, work, (thrown) => this.#judgeEnd(thrown, judge))) as ObjectResource;
    this.#size += piece.byteLength;
    return checkWritten(context, this.#key, written, { size: this.#size, crc32c: this.#crc32c.digest() });
  }

  /** Cuts what is on its way and drops the session. Never throws: Google drops it itself after a week. */
  async abandon(): Promise<void> {
    this.#stop.abort();
    const request = { method: 'DELETE', path: this.#session, expected: [499] } as const;
    await send(this.#context, request).then(
      (answer) => answer.resume(),
      () => {},
    );
  }

  /** Sends what the server lacks of a piece; called again after a failure, it first asks what that is. */
  #sender(piece: Uint8Array, total: number | undefined): () => Promise<ObjectResource | undefined> {
    this.#crc32c.update(piece);
    const end = this.#size + piece.byteLength;
    let held = this.#size;
    let isCounted = true;
    return async () => {
      if (!isCounted) {
        const progress = await this.#ask(total);
        if ('written' in progress) return progress.written;
        held = progress.bytes;
      }
      isCounted = false;
      for (let before = -1; held < end || total !== undefined; ) {
        if (held < this.#size || held > end || held <= before) throw this.#outOfStep(held, end);
        before = held;
        const progress = await this.#put(piece.subarray(held - this.#size), held, total);
        if ('written' in progress) return progress.written;
        held = progress.bytes;
      }
      return undefined;
    };
  }

  /** Without bytes: asks how far the upload has come. */
  #ask(total: number | undefined): Promise<Progress> {
    return this.#request({ 'content-range': `bytes */${total ?? '*'}` }, []);
  }

  #put(bytes: Uint8Array, from: number, total: number | undefined): Promise<Progress> {
    const range = `bytes ${from}-${from + bytes.byteLength - 1}/${total ?? '*'}`;
    const hash = total === undefined ? {} : { 'x-goog-hash': `crc32c=${this.#crc32c.digest()}` };
    return this.#request({ 'content-range': range, ...hash }, [bytes]);
  }

  async #request(headers: Record<string, string>, body: Uint8Array[]): Promise<Progress> {
    const { signal } = this.#stop;
    const request = { method: 'PUT', path: this.#session, headers, body, expected: [308], stop: signal } as const;
    const answer = await send(this.#context, request);
    const text = await textOf(answer, this.#context.limits.stallMs);
    if (answer.statusCode !== 308) return { written: JSON.parse(text || '{}') };
    const last = /^bytes=0-(\d+)$/.exec(answer.headers.range ?? '')?.[1];
    return { bytes: last === undefined ? 0 : Number(last) + 1 };
  }

  #judgeEnd(thrown: unknown, judge: ReturnType<typeof judgeWrite>): ReturnType<ReturnType<typeof judgeWrite>> {
    const { url } = this.#context.place;
    const gone = thrown instanceof RequestFailure && (thrown.status === 404 || thrown.status === 410);
    if (!gone) return judge(thrown);
    // After a lost answer the session may be gone because it did its work; `commitWrite` knows which case it is.
    const message = `The upload of ${this.#key} in ${url} is no longer there: its session has ended.`;
    const hint = 'Run this again: the upload has to start over.';
    return {
      kind: 'refused',
      error: new UnavailableError(message, { store: url, key: this.#key, hint, cause: thrown }),
    };
  }

  #outOfStep(held: number, end: number): Error {
    const failure = new RequestFailure(0, 'OutOfStep', `the server has ${held} bytes, of ${this.#size} to ${end}`);
    return explain(failure, this.#context, askedFor(this.#key, this.#when));
  }
}
