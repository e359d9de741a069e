import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readAll, type Store, type StoredObject } from '../../src/stores/store.ts';
import { gathered, madeBytes } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import {
  type Answer,
  hangUp,
  type Received,
  type ScriptedServer,
  silent,
  stallMsFor,
} from '../fakes/stores/script-server.ts';

export const key = 'digits/versions/1.0.0/model.onnx';
const bytes = madeBytes(95_003);

export interface ReadLimits {
  stallMs?: number;
  /** Bytes of one range. */
  rangeBytes?: number;
  parallel?: number;
}

/** How one cloud is asked for the bytes of an object, and how it answers. */
export interface CloudReads {
  start(): Promise<ScriptedServer>;
  open(endpoint: string, limits: ReadLimits): Promise<Store>;
  /** What the scripted server calls a read. */
  action: string;
  rangeOf(request: Received): string | undefined;
  /** Headers of an answer that brings some bytes of an object of so many. */
  described(size: number, sent: number): Record<string, string>;
  /** Token of the object; what follows the colon is what the cloud calls its state. */
  token: string;
  /** A state that a request demands. */
  demanded(request: Received): string | null | undefined;
  /** A state that a request does not want again. */
  unwanted(request: Received): string | null | undefined;
  unchanged: Answer;
  /** The answer to a range of an object without bytes. */
  noRange: Answer;
  /** What the cloud answers once the state is no longer there, by what has become of it. */
  changed: [how: string, answer: Answer][];
  /** What is asked again after. */
  failures: [what: string, answer: Answer][];
}

/** A scripted server with one object, anew for each test. */
export class RangedReads {
  readonly cloud: CloudReads;
  server!: ScriptedServer;

  constructor(cloud: CloudReads) {
    this.cloud = cloud;
    beforeEach(async () => {
      this.server = await cloud.start();
    });
    afterEach(() => this.server.close());
  }

  /** @param limits a pause is the machine's, and no reader gives up over it, unless `stallMs` says so */
  open = (limits: ReadLimits = {}): Promise<Store> =>
    this.cloud.open(this.server.endpoint, { stallMs: 20_000, ...limits });

  on = (...answers: Answer[]): void => void this.server.on(this.cloud.action, ...answers);

  get = async (limits: ReadLimits = {}): Promise<StoredObject> => (await this.open(limits)).get(key);

  /** Whether the object comes as it is stored. */
  comesWhole = async (limits: ReadLimits = {}): Promise<boolean> =>
    Buffer.concat(await gathered((await this.get(limits)).body)).equals(bytes);

  ranges = (): (string | undefined)[] => this.server.of(this.cloud.action).map(this.cloud.rangeOf);

  demands = (): (string | undefined)[] =>
    this.server.of(this.cloud.action).map((request) => this.cloud.demanded(request) ?? undefined);

  /** Begins the answer that a request gets, and returns the bytes that belong into it. */
  begin = (request: Received, response: ServerResponse): Uint8Array => {
    const [, from = '0', last] = /^bytes=(\d+)-(\d+)$/.exec(this.cloud.rangeOf(request) ?? '') ?? [];
    const part = bytes.subarray(Number(from), last === undefined ? undefined : Number(last) + 1);
    const range = `bytes ${from}-${Number(from) + part.byteLength - 1}/${bytes.byteLength}`;
    response.writeHead(last === undefined ? 200 : 206, {
      ...this.cloud.described(bytes.byteLength, part.byteLength),
      ...(last !== undefined && { 'content-range': range }),
    });
    return part;
  };

  whole: Answer = (request, response) => void response.end(this.begin(request, response));

  /** The object without regard to any range. */
  all: Answer = (_request, response) =>
    void response.writeHead(200, this.cloud.described(bytes.byteLength, bytes.byteLength)).end(bytes);

  /** Sends some of the bytes, then cuts the connection. */
  cutAfter =
    (count: number): Answer =>
    (request, response) => {
      response.write(this.begin(request, response).subarray(0, count), () => response.destroy());
    };

  /** Sends some of the bytes, then nothing more. */
  silentAfter =
    (count: number): Answer =>
    (request, response) => {
      response.write(this.begin(request, response).subarray(0, count));
    };
}

/** What every cloud's driver does in reading an object: for a `describe`. */
export function readsAnObject(reads: RangedReads): void {
  const { cloud, on, whole, all, cutAfter, silentAfter, comesWhole } = reads;
  const state = cloud.token.slice(cloud.token.indexOf(':') + 1);

  it('takes one request when it is small', async () => {
    on(whole);
    const object = await reads.get();
    expect(object.info).toMatchObject({
      key,
      size: 95_003,
      token: cloud.token,
      modified: new Date('2026-11-24T08:00:00Z'),
    });
    expect(Buffer.from(bytes).equals(await readAll(object))).toBe(true);
    expect(reads.ranges()).toEqual(['bytes=0-8388607']);
  });

  it.each([
    ['is cut', cutAfter(30_000), 20_000],
    ['falls silent', silentAfter(30_000), 500],
  ])('goes on where it was when the connection %s, if the object is the same', async (_how, answer, stallMs) => {
    on(answer, whole);
    expect(await comesWhole({ stallMs })).toBe(true);
    expect(reads.ranges().slice(0, 2)).toEqual(['bytes=0-8388607', 'bytes=30000-95002']);
    expect(reads.demands().slice(0, 2)).toEqual([undefined, state]);
  });

  it('goes on as long as each connection brings something', async () => {
    on(...Array.from({ length: 9 }, () => cutAfter(10_000)), whole);
    expect(await comesWhole()).toBe(true);
    expect(reads.ranges()).toHaveLength(10);
  });

  it('fails when no more bytes come, and says how many had come', async () => {
    on(cutAfter(30_000), cutAfter(0));
    await expect(readAll(await reads.get())).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('30000 of 95003 bytes'),
    });
  });

  it.each(cloud.changed)('fails when the object was %s in between, and never mixes two', async (_how, answer) => {
    on(cutAfter(30_000), answer);
    expect(await errorCode(readAll(await reads.get()))).toBe('stale-token');
  });

  it('fails on a server that sends it all where a range was asked for', async () => {
    on(cutAfter(30_000), all);
    expect(await errorCode(readAll(await reads.get()))).toBe('unsupported');
  });

  it('lets the reader take longer than the longest silence', async () => {
    on(whole);
    const read: Uint8Array[] = [];
    for await (const chunk of (await reads.get({ stallMs: 500 })).body) {
      read.push(chunk);
      if (read.length < 2) await wait(700);
    }
    expect(Buffer.concat(read).equals(bytes)).toBe(true);
    expect(reads.ranges()).toHaveLength(1);
  });

  it('gives the stored bytes, whatever encoding they are said to have (P10)', async () => {
    const zipped = gzipSync('words');
    const headers = { ...cloud.described(zipped.byteLength, zipped.byteLength), 'content-encoding': 'gzip' };
    on({ status: 200, headers, body: zipped });
    expect(zipped.equals(await readAll(await reads.get()))).toBe(true);
  });

  it('asks once more, without a range, for an object that has no bytes', async () => {
    on(cloud.noRange, { status: 200, headers: cloud.described(0, 0) });
    const object = await reads.get();
    expect(object.info.size).toBe(0);
    expect(await gathered(object.body)).toEqual([]);
    expect(reads.ranges()).toEqual(['bytes=0-8388607', undefined]);
  });

  it('is content with "not modified", and with a server that sends it all the same', async () => {
    const store = await reads.open();
    on(cloud.unchanged);
    expect(await store.get(key, { ifChanged: cloud.token })).toBe('unchanged');
    on(whole);
    expect(await store.get(key, { ifChanged: cloud.token })).toBe('unchanged');
    expect(reads.server.received.map(cloud.unwanted)).toEqual([state, state]);
    expect(await store.get(key, { ifChanged: cloud.token.replace(/\d/g, '6') })).not.toBe('unchanged');
    await store.get(key, { ifChanged: 'file:1' });
    expect(cloud.unwanted(reads.server.received.at(-1)!) ?? undefined).toBeUndefined();
  });

  it.each([['silence', silent], ['a cut', hangUp], ...cloud.failures] as [string, Answer][])(
    'asks again after %s',
    async (_what, answer) => {
      on(answer, whole);
      expect(await comesWhole({ stallMs: stallMsFor(answer) })).toBe(true);
    },
  );
}

/** The same of an object of ten ranges, three of which are asked for side by side. */
export function readsALargeObject(reads: RangedReads): void {
  const { cloud, on, whole, cutAfter, begin } = reads;
  const limits = { rangeBytes: 10_000, parallel: 3 };

  it('takes ranges side by side, a few at a time, in order, of one state of the object', async () => {
    let busy = 0;
    let busiest = 0;
    const two = Promise.withResolvers<void>();
    on(async (request, response) => {
      busiest = Math.max(busiest, ++busy);
      // The first comes alone; after it none is answered before another one is on its way.
      if (busy === 2) two.resolve();
      if (reads.ranges().length > 1) await two.promise;
      await wait(10);
      busy--;
      response.end(begin(request, response));
    });
    expect(await reads.comesWhole(limits)).toBe(true);
    const starts = Array.from({ length: 10 }, (_, n) => n * 10_000);
    // Only the first is asked for before the size is known.
    const endOf = (from: number): number => (from === 0 ? 9999 : Math.min(from + 10_000, 95_003) - 1);
    expect(reads.ranges()).toEqual(starts.map((from) => `bytes=${from}-${endOf(from)}`));
    expect(new Set(reads.demands().slice(1))).toEqual(new Set([cloud.token.slice(cloud.token.indexOf(':') + 1)]));
    expect(busiest).toBeGreaterThan(1);
    expect(busiest).toBeLessThanOrEqual(3);
  });

  it('goes on after cuts in any of them', async () => {
    on(whole, ...Array.from({ length: 8 }, () => [cutAfter(4000), whole]).flat());
    expect(await reads.comesWhole(limits)).toBe(true);
  });

  it('lets many readers share what may be read ahead, in whatever order they go on', async () => {
    on(whole);
    const store = await reads.open(limits);
    const objects = await Promise.all(Array.from({ length: 5 }, () => store.get(key)));
    const readers = objects.map(({ body }) => body[Symbol.asyncIterator]());
    for (const reader of readers) await reader.next();
    // The last has to come to its end while the others hold all there is to read ahead with.
    for (const reader of readers.toReversed()) {
      const rest = await gathered({ [Symbol.asyncIterator]: () => reader });
      expect(Buffer.concat(rest).byteLength).toBeGreaterThan(bytes.byteLength - 70_000);
    }
    expect(Buffer.concat(await gathered((await store.get(key)).body)).equals(bytes)).toBe(true);
  });

  it('closes its connections when the reader stops', async () => {
    let open = 0;
    on((request, response) => {
      open++;
      response.on('close', () => open--);
      response.write(begin(request, response).subarray(0, 1000));
    });
    for await (const _ of (await reads.get({ ...limits, stallMs: 60_000 })).body) break;
    const unread = await reads.get({ ...limits, stallMs: 60_000 });
    await unread.body[Symbol.asyncIterator]().return?.();
    await expect.poll(() => open, { timeout: 120_000 }).toBe(0);
  });
}
