import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { S3Limits } from '../../src/stores/s3/context.ts';
import { openS3Store } from '../../src/stores/s3.ts';
import { readAll, type Store } from '../../src/stores/store.ts';
import { gathered, madeBytes } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { awsEnvironment } from '../fakes/stores/s3-environment.ts';
import { described, ScriptedS3, s3Error } from '../fakes/stores/s3-server.ts';
import { type Answer, type Received, silent, stallMsFor } from '../fakes/stores/script-server.ts';

awsEnvironment();

const key = 'digits/versions/1.0.0/model.onnx';
const bytes = madeBytes(95_003);

let server: ScriptedS3;
const opened = (limits: Partial<S3Limits> = {}): Promise<Store> =>
  openS3Store({ url: 's3://bucket', endpoint: server.endpoint }, { stallMs: 20_000, ...limits });
beforeEach(async () => {
  server = await new ScriptedS3().start();
});
afterEach(() => server.close());

/** Which bytes a request asks for; to the end where it names no range. */
function rangeOf({ headers }: Received): [from: number, to: number] {
  const [, from = '0', last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  return [Number(from), Math.min(bytes.byteLength, last === undefined ? bytes.byteLength : Number(last) + 1)];
}

function begin(request: Received, response: ServerResponse): Uint8Array {
  const [from, to] = rangeOf(request);
  const range = { 'content-range': `bytes ${from}-${to - 1}/${bytes.byteLength}` };
  response.writeHead(request.headers.range ? 206 : 200, {
    ...described(to - from),
    ...(request.headers.range ? range : {}),
  });
  return bytes.subarray(from, to);
}

const whole: Answer = (request, response) => void response.end(begin(request, response));

/** Sends some of the bytes, then cuts the connection. */
const cutAfter =
  (count: number): Answer =>
  (request, response) => {
    response.write(begin(request, response).subarray(0, count), () => response.destroy());
  };

/** Sends some of the bytes, then nothing more. */
const silentAfter =
  (count: number): Answer =>
  (request, response) => {
    response.write(begin(request, response).subarray(0, count));
  };

/** @param stallMs little where the server falls silent; else a pause is the machine's, and no reader gives up over it */
async function readWith(answers: Answer[], stallMs = 20_000): Promise<Uint8Array> {
  server.on('GetObject', ...answers);
  return Buffer.concat(await gathered((await (await opened({ stallMs })).get(key)).body));
}
const asked = () => server.of('GetObject').map((request) => request.headers.range);
const changed = s3Error(412, 'PreconditionFailed');

describe('reading an object of S3', () => {
  it('takes one request when it is small', async () => {
    expect(Buffer.from(bytes).equals(await readWith([whole]))).toBe(true);
    expect(asked()).toEqual(['bytes=0-8388607']);
  });

  it('takes an answer that brings it all for one that brings a range', async () => {
    const all: Answer = { status: 200, headers: described(bytes.byteLength), body: bytes };
    expect(Buffer.from(bytes).equals(await readWith([all]))).toBe(true);
  });

  it('asks once more, without a range, for an object that has no bytes', async () => {
    server.on('GetObject', s3Error(416, 'InvalidRange'), { status: 200, headers: described(0) });
    const object = await (await opened()).get(key);
    expect(object.info.size).toBe(0);
    expect(await gathered(object.body)).toEqual([]);
    expect(asked()).toEqual(['bytes=0-8388607', undefined]);
  });

  it.each([
    ['is cut', cutAfter(30_000), 20_000],
    ['falls silent', silentAfter(30_000), 500],
  ])('goes on where it was when the connection %s, if the object is the same', async (_how, answer, stallMs) => {
    expect(Buffer.from(bytes).equals(await readWith([answer, whole], stallMs))).toBe(true);
    expect(asked().slice(0, 2)).toEqual(['bytes=0-8388607', 'bytes=30000-95002']);
    expect(server.received[1]?.headers['if-match']).toBe('"e1"');
  });

  it('goes on as long as each connection brings something', async () => {
    const cuts = Array.from({ length: 9 }, () => cutAfter(10_000));
    expect(Buffer.from(bytes).equals(await readWith([...cuts, whole]))).toBe(true);
    expect(asked()).toHaveLength(10);
  });

  it('fails when no more bytes come, and says how many had come', async () => {
    server.on('GetObject', cutAfter(30_000), cutAfter(0));
    const object = await (await opened()).get(key);
    await expect(readAll(object)).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('30000 of 95003 bytes'),
    });
  });

  it.each([
    ['replaced', changed],
    ['removed', s3Error(404, 'NoSuchKey')],
  ])('fails when the object was %s in between, and never mixes two', async (_how, answer) => {
    server.on('GetObject', cutAfter(30_000), answer);
    expect(await errorCode(readAll(await (await opened()).get(key)))).toBe('stale-token');
  });

  it('fails on a server that sends it all where a range was asked for', async () => {
    const ignoring: Answer = { status: 200, headers: described(bytes.byteLength), body: bytes };
    server.on('GetObject', cutAfter(30_000), ignoring);
    expect(await errorCode(readAll(await (await opened()).get(key)))).toBe('unsupported');
  });

  it('lets the reader take longer than the longest silence', async () => {
    server.on('GetObject', whole);
    const store = await opened({ stallMs: 500 });
    const read: Uint8Array[] = [];
    for await (const chunk of (await store.get(key)).body) {
      read.push(chunk);
      if (read.length < 2) await wait(700);
    }
    expect(Buffer.concat(read).equals(bytes)).toBe(true);
  });

  it('gives the stored bytes, whatever encoding they are said to have', async () => {
    const zipped = gzipSync('words');
    const headers = { ...described(zipped.byteLength), 'content-encoding': 'gzip' };
    server.on('GetObject', { status: 200, headers, body: zipped });
    expect(zipped.equals(await readAll(await (await opened()).get(key)))).toBe(true);
    expect(server.received[0]?.headers['accept-encoding']).toBeUndefined();
  });

  it('is content with "not modified", and with a server that sends it all the same', async () => {
    const store = await opened();
    server.on('GetObject', { status: 304, headers: { etag: '"e1"' } });
    expect(await store.get(key, { ifChanged: 's3:"e1"' })).toBe('unchanged');
    server.on('GetObject', whole);
    expect(await store.get(key, { ifChanged: 's3:"e1"' })).toBe('unchanged');
    expect(server.received.map(({ headers }) => headers['if-none-match'])).toEqual(['"e1"', '"e1"']);
    expect(await store.get(key, { ifChanged: 's3:"e0"' })).not.toBe('unchanged');
    await store.get(key, { ifChanged: 'file:1' });
    expect(server.received.at(-1)?.headers['if-none-match']).toBeUndefined();
  });

  it.each([
    ['silence', silent],
    ['500', s3Error(500, 'InternalError')],
    ['503', s3Error(503, 'SlowDown')],
    ['a cut', (_request: Received, response: ServerResponse) => void response.destroy()],
  ] as [string, Answer][])('asks again after %s', async (_what, answer) => {
    expect(Buffer.from(bytes).equals(await readWith([answer, whole], stallMsFor(answer)))).toBe(true);
  });
});

describe('reading a large object of S3', () => {
  const limits = { partBytes: 10_000, parallel: 3 };

  it('takes ranges side by side, a few at a time, in order, of one state of the object', async () => {
    let busy = 0;
    let busiest = 0;
    server.on('GetObject', async (request, response) => {
      busiest = Math.max(busiest, ++busy);
      await wait(10);
      busy--;
      await whole(request, response);
    });
    const object = await (await opened(limits)).get(key);
    expect(Buffer.concat(await gathered(object.body)).equals(bytes)).toBe(true);
    expect(asked()).toEqual([
      'bytes=0-9999',
      ...Array.from({ length: 9 }, (_, n) => `bytes=${(n + 1) * 10_000}-${Math.min((n + 2) * 10_000, 95_003) - 1}`),
    ]);
    const conditions = server.received.slice(1).map(({ headers }) => headers['if-match']);
    expect(new Set(conditions)).toEqual(new Set(['"e1"']));
    expect(busiest).toBeGreaterThan(1);
    expect(busiest).toBeLessThanOrEqual(3);
  });

  it('goes on after cuts in any of them', async () => {
    server.on('GetObject', ...Array.from({ length: 8 }, () => [cutAfter(4000), whole]).flat());
    const object = await (await opened(limits)).get(key);
    expect(Buffer.concat(await gathered(object.body)).equals(bytes)).toBe(true);
  });

  it('lets many readers share what may be read ahead, in whatever order they go on', async () => {
    server.on('GetObject', whole);
    const store = await opened(limits);
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
    server.on('GetObject', (request, response) => {
      open++;
      response.on('close', () => open--);
      response.write(begin(request, response).subarray(0, 1000));
    });
    const object = await (await opened({ ...limits, stallMs: 60_000 })).get(key);
    for await (const _ of object.body) break;
    const unread = await (await opened({ ...limits, stallMs: 60_000 })).get(key);
    await unread.body[Symbol.asyncIterator]().return?.();
    await expect.poll(() => open, { timeout: 120_000 }).toBe(0);
  });
});
