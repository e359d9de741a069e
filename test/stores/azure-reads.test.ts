import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AzureLimits } from '../../src/stores/azure/context.ts';
import { openAzureStore } from '../../src/stores/azure.ts';
import { readAll, type Store } from '../../src/stores/store.ts';
import { account, azureEnvironment, azureError, describedBlob, scriptedAzure } from '../fakes/stores/azure-server.ts';
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

azureEnvironment();

const key = 'digits/versions/1.0.0/model.onnx';
const bytes = madeBytes(95_003);

let server: ScriptedServer;
const opened = (limits: Partial<AzureLimits> = {}): Promise<Store> =>
  openAzureStore({ url: `azure://${account}/container`, endpoint: server.endpoint }, { stallMs: 20_000, ...limits });
beforeEach(async () => {
  server = await scriptedAzure();
});
afterEach(() => server.close());

/** Begins the answer that a request with a range gets, and gives the bytes that belong into it. */
function begin({ headers }: Received, response: ServerResponse): Uint8Array {
  const [, from = '0', last = '0'] = /^bytes=(\d+)-(\d+)$/.exec(String(headers['x-ms-range'])) ?? [];
  const part = bytes.subarray(Number(from), Number(last) + 1);
  response.writeHead(206, {
    ...describedBlob(part.byteLength),
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
  server.on('get', ...answers);
  return Buffer.concat(await gathered((await (await opened({ stallMs })).get(key)).body));
}
const asked = () => server.of('get').map((request) => request.headers['x-ms-range']);
const conditions = () => server.of('get').map(({ headers }) => headers['if-match']);

describe('reading an object of Azure', () => {
  it('takes one request when it is small', async () => {
    server.on('get', whole);
    const object = await (await opened()).get(key);
    expect(object.info).toMatchObject({
      key,
      size: 95_003,
      token: 'azure:"0x7"',
      modified: new Date('2026-11-24T08:00:00Z'),
    });
    expect(Buffer.from(bytes).equals(await readAll(object))).toBe(true);
    expect(asked()).toEqual(['bytes=0-8388607']);
  });

  it.each([
    ['is cut', cutAfter(30_000), 20_000],
    ['falls silent', silentAfter(30_000), 500],
  ])('goes on where it was when the connection %s, if the blob is the same', async (_how, answer, stallMs) => {
    expect(Buffer.from(bytes).equals(await readWith([answer, whole], stallMs))).toBe(true);
    expect(asked().slice(0, 2)).toEqual(['bytes=0-8388607', 'bytes=30000-95002']);
    expect(conditions().slice(0, 2)).toEqual([undefined, '"0x7"']);
  });

  it('goes on as long as each connection brings something', async () => {
    const cuts = Array.from({ length: 9 }, () => cutAfter(10_000));
    expect(Buffer.from(bytes).equals(await readWith([...cuts, whole]))).toBe(true);
    expect(asked()).toHaveLength(10);
  });

  it('fails when no more bytes come, and says how many had come', async () => {
    server.on('get', cutAfter(30_000), cutAfter(0));
    await expect(readAll(await (await opened()).get(key))).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('30000 of 95003 bytes'),
    });
  });

  it.each([
    ['replaced', azureError(412, 'ConditionNotMet')],
    ['removed', azureError(404, 'BlobNotFound')],
  ])('fails when the blob was %s in between, and never mixes two', async (_how, answer) => {
    server.on('get', cutAfter(30_000), answer);
    expect(await errorCode(readAll(await (await opened()).get(key)))).toBe('stale-token');
  });

  it('fails on a server that sends it all where a range was asked for', async () => {
    server.on('get', cutAfter(30_000), { status: 200, headers: describedBlob(95_003), body: bytes });
    expect(await errorCode(readAll(await (await opened()).get(key)))).toBe('unsupported');
  });

  it('lets the reader take longer than the longest silence', async () => {
    server.on('get', whole);
    const read: Uint8Array[] = [];
    for await (const chunk of (await (await opened({ stallMs: 500 })).get(key)).body) {
      read.push(chunk);
      if (read.length < 2) await wait(700);
    }
    expect(Buffer.concat(read).equals(bytes)).toBe(true);
    expect(asked()).toHaveLength(1);
  });

  it('gives the stored bytes, whatever encoding they are said to have (P10)', async () => {
    const zipped = gzipSync('words');
    const headers = { ...describedBlob(zipped.byteLength), 'content-encoding': 'gzip' };
    server.on('get', { status: 200, headers, body: zipped });
    expect(zipped.equals(await readAll(await (await opened()).get(key)))).toBe(true);
  });

  it('reads a blob without bytes, which has no range', async () => {
    server.on('get', azureError(416, 'InvalidRange'), { status: 200, headers: describedBlob(0) });
    const object = await (await opened()).get(key);
    expect(object.info.size).toBe(0);
    expect(await readAll(object)).toHaveLength(0);
    expect(asked()).toEqual(['bytes=0-8388607', undefined]);
  });

  it('is content with "not modified", and with a server that sends it all the same', async () => {
    const store = await opened();
    server.on('get', { status: 304, headers: { etag: '"0x7"' } });
    expect(await store.get(key, { ifChanged: 'azure:"0x7"' })).toBe('unchanged');
    server.on('get', whole);
    expect(await store.get(key, { ifChanged: 'azure:"0x7"' })).toBe('unchanged');
    expect(server.received.map(({ headers }) => headers['if-none-match'])).toEqual(['"0x7"', '"0x7"']);
    expect(await store.get(key, { ifChanged: 'azure:"0x6"' })).not.toBe('unchanged');
    await store.get(key, { ifChanged: 'file:1' });
    expect(server.received.at(-1)?.headers['if-none-match']).toBeUndefined();
  });

  it.each([
    ['silence', silent],
    ['500', azureError(500, 'InternalError')],
    ['503', azureError(503, 'ServerBusy')],
    ['a cut', hangUp],
  ] as [string, Answer][])('asks again after %s', async (_what, answer) => {
    expect(Buffer.from(bytes).equals(await readWith([answer, whole], stallMsFor(answer)))).toBe(true);
  });

  it('tells a missing container from a missing blob', async () => {
    const store = await opened();
    for (const [code, told] of [
      ['BlobNotFound', 'not-found'],
      ['ContainerNotFound', 'no-bucket'],
    ] as const) {
      server.on('get', azureError(404, code));
      expect(await errorCode(store.get(key))).toBe(told);
    }
    server.on('head', azureError(404, 'BlobNotFound'));
    expect(await store.head(key)).toBeUndefined();
    server.on('head', azureError(404, 'ContainerNotFound'));
    expect(await errorCode(store.head(key))).toBe('no-bucket');
  });

  it('refuses an answer that does not say which state it is of', async () => {
    server.on('head', { status: 200, headers: { 'content-length': '1' } });
    expect(await errorCode((await opened()).head(key))).toBe('store-unavailable');
  });
});

describe('reading a large object of Azure', () => {
  const limits = { rangeBytes: 10_000, parallel: 3 };

  it('takes ranges side by side, a few at a time, in order, of one state of the blob', async () => {
    let busy = 0;
    let busiest = 0;
    server.on('get', async (request, response) => {
      busiest = Math.max(busiest, ++busy);
      await wait(10);
      busy--;
      await (whole as (request: Received, response: ServerResponse) => void)(request, response);
    });
    const object = await (await opened(limits)).get(key);
    expect(Buffer.concat(await gathered(object.body)).equals(bytes)).toBe(true);
    expect(asked()).toEqual(
      Array.from(
        { length: 10 },
        (_, n) => `bytes=${n * 10_000}-${n === 0 ? 9999 : Math.min((n + 1) * 10_000, 95_003) - 1}`,
      ),
    );
    expect(new Set(conditions().slice(1))).toEqual(new Set(['"0x7"']));
    expect(busiest).toBeGreaterThan(1);
    expect(busiest).toBeLessThanOrEqual(3);
  });

  it('goes on after cuts in any of them', async () => {
    server.on('get', whole, ...Array.from({ length: 8 }, () => [cutAfter(4000), whole]).flat());
    const object = await (await opened(limits)).get(key);
    expect(Buffer.concat(await gathered(object.body)).equals(bytes)).toBe(true);
  });

  it('closes its connections when the reader stops', async () => {
    let open = 0;
    server.on('get', (request, response) => {
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
