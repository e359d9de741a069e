import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GcsLimits } from '../../src/stores/gcs/context.ts';
import { openGcsStore } from '../../src/stores/gcs.ts';
import { readAll, type Store } from '../../src/stores/store.ts';
import { gathered, madeBytes } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { describedMedia, gcsError, googleEnvironment, json, scriptedGcs } from '../fakes/stores/gcs-server.ts';
import {
  type Answer,
  hangUp,
  type Received,
  type ScriptedServer,
  silent,
  stallMsFor,
} from '../fakes/stores/script-server.ts';

googleEnvironment();

const key = 'digits/versions/1.0.0/model.onnx';
const bytes = madeBytes(95_003);

let server: ScriptedServer;
const opened = (limits: Partial<GcsLimits> = {}): Store =>
  openGcsStore({ url: 'gs://bucket', endpoint: server.endpoint }, { stallMs: 20_000, rateMs: 30, ...limits });
beforeEach(async () => {
  server = await scriptedGcs();
});
afterEach(() => server.close());

/** Begins the answer that a request with a range gets, and gives the bytes that belong into it. */
function begin({ headers }: Received, response: ServerResponse): Uint8Array {
  const [, from = '0', last = '0'] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  const part = bytes.subarray(Number(from), Number(last) + 1);
  response.writeHead(206, {
    ...describedMedia(bytes.byteLength),
    'content-length': String(part.byteLength),
    'content-range': `bytes ${from}-${Number(from) + part.byteLength - 1}/${bytes.byteLength}`,
  });
  return part;
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
  server.on('media', ...answers);
  return Buffer.concat(await gathered((await opened({ stallMs }).get(key)).body));
}
const asked = () => server.of('media').map((request) => request.headers.range);
const generations = () => server.of('media').map(({ query }) => query.get('generation'));
const missing = gcsError(404, 'notFound', 'No such object: bucket/name');

describe('reading an object of Google Cloud Storage', () => {
  it('takes one request when it is small', async () => {
    server.on('media', whole);
    const object = await opened().get(key);
    expect(object.info).toMatchObject({ key, size: 95_003, token: 'gs:7', modified: new Date('2026-11-24T08:00:00Z') });
    expect(Buffer.from(bytes).equals(await readAll(object))).toBe(true);
    expect(asked()).toEqual(['bytes=0-8388607']);
  });

  it.each([
    ['is cut', cutAfter(30_000), 20_000],
    ['falls silent', silentAfter(30_000), 500],
  ])('goes on where it was when the connection %s, with the same generation', async (_how, answer, stallMs) => {
    expect(Buffer.from(bytes).equals(await readWith([answer, whole], stallMs))).toBe(true);
    expect(asked().slice(0, 2)).toEqual(['bytes=0-8388607', 'bytes=30000-95002']);
    expect(generations().slice(0, 2)).toEqual([null, '7']);
  });

  it('goes on as long as each connection brings something', async () => {
    const cuts = Array.from({ length: 9 }, () => cutAfter(10_000));
    expect(Buffer.from(bytes).equals(await readWith([...cuts, whole]))).toBe(true);
    expect(asked()).toHaveLength(10);
  });

  it('fails when no more bytes come, and says how many had come', async () => {
    server.on('media', cutAfter(30_000), cutAfter(0));
    await expect(readAll(await opened().get(key))).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('30000 of 95003 bytes'),
    });
  });

  it('fails when its generation was replaced or removed in between, and never mixes two', async () => {
    server.on('media', cutAfter(30_000), missing);
    expect(await errorCode(readAll(await opened().get(key)))).toBe('stale-token');
  });

  it('fails on a server that sends it all where a range was asked for', async () => {
    server.on('media', cutAfter(30_000), { status: 200, headers: describedMedia(95_003), body: bytes });
    expect(await errorCode(readAll(await opened().get(key)))).toBe('unsupported');
  });

  it('lets the reader take longer than the longest silence', async () => {
    server.on('media', whole);
    const read: Uint8Array[] = [];
    for await (const chunk of (await opened({ stallMs: 500 }).get(key)).body) {
      read.push(chunk);
      if (read.length < 2) await wait(700);
    }
    expect(Buffer.concat(read).equals(bytes)).toBe(true);
    expect(asked()).toHaveLength(1);
  });

  it('gives the stored bytes, whatever encoding they are said to have (P10)', async () => {
    const zipped = gzipSync('words');
    const headers = { ...describedMedia(zipped.byteLength), 'content-encoding': 'gzip' };
    server.on('media', { status: 200, headers, body: zipped });
    expect(zipped.equals(await readAll(await opened().get(key)))).toBe(true);
    // Google unpacks for those who do not say that they take gzip.
    expect(server.received[0]?.headers['accept-encoding']).toBe('gzip');
  });

  it('reads an object without bytes, which has no range', async () => {
    server.on('media', { status: 416 }, { status: 200, headers: describedMedia(0) });
    const object = await opened().get(key);
    expect(object.info.size).toBe(0);
    expect(await readAll(object)).toHaveLength(0);
    expect(asked()).toEqual(['bytes=0-8388607', undefined]);
  });

  it('is content with "not modified", and with a server that sends it all the same', async () => {
    const store = opened();
    server.on('media', { status: 304 });
    expect(await store.get(key, { ifChanged: 'gs:7' })).toBe('unchanged');
    server.on('media', whole);
    expect(await store.get(key, { ifChanged: 'gs:7' })).toBe('unchanged');
    expect(server.received.map(({ query }) => query.get('ifGenerationNotMatch'))).toEqual(['7', '7']);
    expect(await store.get(key, { ifChanged: 'gs:6' })).not.toBe('unchanged');
    await store.get(key, { ifChanged: 'file:1' });
    expect(server.received.at(-1)?.query.get('ifGenerationNotMatch')).toBe(null);
  });

  it.each([
    ['silence', silent],
    ['500', gcsError(500, 'backendError')],
    ['503', gcsError(503, 'backendError')],
    ['too many requests', gcsError(429, 'rateLimitExceeded')],
    ['a cut', hangUp],
  ] as [string, Answer][])('asks again after %s', async (_what, answer) => {
    expect(Buffer.from(bytes).equals(await readWith([answer, whole], stallMsFor(answer)))).toBe(true);
  });

  it('tells a missing bucket from a missing object', async () => {
    server.on('media', { status: 404, body: 'No such object: bucket/name' });
    expect(await errorCode(opened().get(key))).toBe('not-found');
    server.on('media', { status: 404, body: 'The specified bucket does not exist.' });
    expect(await errorCode(opened().get(key))).toBe('no-bucket');
    expect(await opened().head(key)).toBeUndefined();
    server.on('describe', gcsError(404, 'notFound', 'The specified bucket does not exist.'));
    expect(await errorCode(opened().head(key))).toBe('no-bucket');
  });

  it('refuses an answer that does not say which object it is of', async () => {
    server.on('media', { status: 200, headers: { 'content-length': '1' }, body: 'x' });
    expect(await errorCode(opened().get(key))).toBe('store-unavailable');
    server.on('describe', json({ size: '3', updated: '2026-11-24T08:00:00Z' }));
    expect(await errorCode(opened().head(key))).toBe('store-unavailable');
  });
});

describe('reading a large object of Google Cloud Storage', () => {
  const limits = { rangeBytes: 10_000, parallel: 3 };

  it('takes ranges side by side, a few at a time, in order, of one generation', async () => {
    let busy = 0;
    let busiest = 0;
    server.on('media', async (request, response) => {
      busiest = Math.max(busiest, ++busy);
      await wait(10);
      busy--;
      await (whole as (request: Received, response: ServerResponse) => void)(request, response);
    });
    const object = await opened(limits).get(key);
    expect(Buffer.concat(await gathered(object.body)).equals(bytes)).toBe(true);
    expect(asked()).toEqual(
      Array.from(
        { length: 10 },
        (_, n) => `bytes=${n * 10_000}-${n === 0 ? 9999 : Math.min((n + 1) * 10_000, 95_003) - 1}`,
      ),
    );
    expect(new Set(generations().slice(1))).toEqual(new Set(['7']));
    expect(busiest).toBeGreaterThan(1);
    expect(busiest).toBeLessThanOrEqual(3);
  });

  it('goes on after cuts in any of them', async () => {
    server.on('media', whole, ...Array.from({ length: 8 }, () => [cutAfter(4000), whole]).flat());
    const object = await opened(limits).get(key);
    expect(Buffer.concat(await gathered(object.body)).equals(bytes)).toBe(true);
  });

  it('lets many readers share what may be read ahead, in whatever order they go on', async () => {
    server.on('media', whole);
    const store = opened(limits);
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
    server.on('media', (request, response) => {
      open++;
      response.on('close', () => open--);
      response.write(begin(request, response).subarray(0, 1000));
    });
    const object = await opened({ ...limits, stallMs: 60_000 }).get(key);
    for await (const _ of object.body) break;
    const unread = await opened({ ...limits, stallMs: 60_000 }).get(key);
    await unread.body[Symbol.asyncIterator]().return?.();
    await expect.poll(() => open, { timeout: 120_000 }).toBe(0);
  });
});
