import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultLimits, type Limits } from '../../../src/handler/readers/limits.ts';
import type { Reader, ReadObject } from '../../../src/handler/readers/reader.ts';
import { openS3Reader } from '../../../src/handler/readers/s3.ts';
import { bytesOf } from '../../contracts/reader.ts';
import { ObjectServer } from '../../fakes/handler/object-server.ts';
import { madeBytes } from '../../fakes/stores/bodies.ts';
import { type Answer, hangUp, silent } from '../../fakes/stores/script-server.ts';

const key = 'digits/versions/1.0.0/model.onnx';
const bytes = madeBytes(300_007);
const variables = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' };
const quick: Limits = { ...defaultLimits, stallMs: 250, waitMs: 5, deadlineMs: 5_000 };
/** Under which the object comes in seven parts, three at a time. */
const parted: Limits = { ...quick, largeBytes: 200_000, partBytes: 50_000, parts: 3 };

let server: ObjectServer;
beforeEach(async () => {
  server = await new ObjectServer(bytes).start();
});
afterEach(() => server.close());
const open = (limits: Limits = quick): Reader =>
  openS3Reader({ store: 's3', bucket: 'bucket', root: 'models', endpoint: server.endpoint }, variables, limits);
const read = async (limits?: Limits): Promise<Buffer> => bytesOf(await open(limits).read(key));
const failure = async (reading: Promise<unknown>): Promise<unknown> =>
  reading.then(
    () => 'no failure',
    (e) => e,
  );
const ranges = (): (string | undefined)[] => server.of('part').map(({ headers }) => headers.range);
const right: Answer = (request, response) => void response.end(server.begin(request, response));
const error = (status: number, headers = {}) => ({ status, headers, body: '<Error><Code>SlowDown</Code></Error>' });

describe('an answer that does not come', () => {
  it.each([408, 429, 500, 502, 503, 504])('is asked for again after %i', async (status) => {
    server.on('whole', error(status), error(status), error(status), right);
    expect((await read()).equals(bytes)).toBe(true);
    expect(server.actions()).toEqual(['whole', 'whole', 'whole', 'whole']);
  });

  it('is given up after three more attempts', async () => {
    server.on('whole', error(503));
    const message =
      'S3 answered 503 SlowDown to s3:GetObject of arn:aws:s3:::bucket/models/digits/versions/1.0.0/model.onnx.';
    expect(await failure(read())).toMatchObject({ code: 'store-unavailable', message });
    expect(server.received).toHaveLength(4);
  });

  it('is waited for as long as the service asks for, and no longer than the deadline', async () => {
    server.on('whole', error(503, { 'retry-after': '1' }), right);
    const started = performance.now();
    await read();
    expect(performance.now() - started).toBeGreaterThan(900);
    server.on('whole', error(503, { 'retry-after': '60' }));
    expect(await failure(read())).toMatchObject({ code: 'store-unavailable' });
  });

  it.each([
    ['silence', silent, 'nothing came for 0.25 s'],
    ['a cut', hangUp, 'the connection failed (ECONNRESET)'],
  ])('is asked for again after %s', async (_what, answer, reason) => {
    server.on('whole', answer, right);
    expect((await read()).equals(bytes)).toBe(true);
    server.on('whole', answer);
    const message = `Reading ${key} from s3://bucket/models: ${reason}.`;
    expect(await failure(read())).toMatchObject({ code: 'store-unavailable', message });
  });

  it('is not asked for again where the refusal stands', async () => {
    for (const status of [400, 401, 403, 404, 409, 301]) {
      server.received.length = 0;
      server.on('whole', { status });
      expect(await failure(read())).toMatchObject({ name: 'LoadError' });
      expect([status, server.received.length]).toEqual([status, 1]);
    }
  });
});

describe('a body that breaks off', () => {
  it('is taken up where it broke, under the condition that the object is the same', async () => {
    server.on('whole', server.cutAfter(100_000)).on('part', server.cutAfter(50_000), server.cutAfter(1), right);
    expect((await read()).equals(bytes)).toBe(true);
    expect(ranges()).toEqual(['bytes=100000-300006', 'bytes=150000-300006', 'bytes=150001-300006']);
    for (const { headers } of server.of('part')) expect(headers['if-match']).toBe('"v1"');
  });

  it('is taken up when nothing comes any more', async () => {
    server.on('whole', server.stallAfter(100_000));
    const started = performance.now();
    expect((await read()).equals(bytes)).toBe(true);
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(ranges()).toEqual(['bytes=100000-300006']);
  });

  it('is given up when it breaks off for the fourth time', async () => {
    server.on('whole', server.cutAfter(10)).on('part', server.cutAfter(10));
    const message = `Reading ${key} from s3://bucket/models broke off at 40 of 300007 bytes: the connection failed (ECONNRESET).`;
    expect(await failure(read())).toMatchObject({ code: 'store-unavailable', message });
    expect(ranges()).toHaveLength(3);
    server.on('part', server.stallAfter(0));
    const silence = expect.stringMatching(/broke off at 10 of 300007 bytes: nothing came for 0.25 s\.$/) as unknown;
    expect(await failure(read())).toMatchObject({ code: 'store-unavailable', message: silence });
  });

  it('is not mixed with another object, nor with other bytes than asked for', async () => {
    server.on('whole', server.cutAfter(10)).on('part', (request, response) => {
      server.replace(madeBytes(300_007, 2), '"v2"');
      response.writeHead(412).end(request.body);
    });
    expect(await failure(read())).toMatchObject({ name: 'ReplacedError' });
    // Servers that do not know the condition answer all the same.
    server.replace(bytes, '"v1"');
    server.on('part', (request, response) => {
      server.etag = '"v2"';
      response.end(server.begin(request, response));
    });
    expect(await failure(read())).toMatchObject({ name: 'ReplacedError' });
    server.etag = '"v1"';
    server.on('part', { status: 206, headers: { etag: '"v1"', 'content-range': 'bytes 0-9/300007' }, body: 'x' });
    expect(await failure(read())).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('bytes 0-9'),
    });
    server.on('part', { status: 200, headers: { etag: '"v1"' }, body: 'x' });
    expect(await failure(read())).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('all of it'),
    });
  });
});

describe('what is stored', () => {
  it('comes as it is, whatever encoding it is said to have', async () => {
    const packed = gzipSync(bytes);
    server.bytes = packed;
    server.headers = { 'content-encoding': 'gzip' };
    const object = await open().read(key);
    expect([object.size, (await bytesOf(object)).equals(packed)]).toEqual([packed.byteLength, true]);
    expect(server.received[0]?.headers).not.toHaveProperty('accept-encoding');
  });

  it('is refused where its length is not told', async () => {
    server.on('whole', (_request, response) => void response.writeHead(200, { etag: '"v1"' }).end('abc'));
    expect(await failure(read())).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('the length of'),
    });
  });

  it('is refused where it is shorter than it was said to be', async () => {
    server.on('whole', server.cutAfter(9)).on('part', { status: 416 });
    const message = expect.stringContaining('416') as unknown;
    expect(await failure(read())).toMatchObject({ code: 'store-unavailable', message });
  });
});

describe('a large object', () => {
  it('comes in parts beside each other, in order, each under the same condition', async () => {
    expect((await read(parted)).equals(bytes)).toBe(true);
    expect(server.of('whole')).toHaveLength(1);
    // Which of two connections is heard first is chance.
    const requests = [1, 2, 3, 4, 5, 6].map((n) => `bytes=${n * 50_000}-${Math.min((n + 1) * 50_000, 300_007) - 1}`);
    expect([ranges().length, new Set(ranges())]).toEqual([6, new Set(requests)]);
    expect(new Set(server.of('part').map(({ headers }) => headers['if-match']))).toEqual(new Set(['"v1"']));
  });

  it('has no more parts on their way than it may', async () => {
    server.on('part', silent);
    const object = await open({ ...parted, stallMs: 60_000 }).read(key);
    const body = object.body[Symbol.asyncIterator]();
    await body.next();
    await body.next();
    await expect.poll(() => ranges().length, { timeout: 60_000 }).toBe(2);
    await wait(100);
    expect(ranges()).toEqual(['bytes=50000-99999', 'bytes=100000-149999']);
    await body.return?.();
  });

  it('is taken up part by part', async () => {
    server.on('part', server.cutAfter(10), server.stallAfter(20), error(503), server.cutAfter(40_000), right);
    expect((await read(parted)).equals(bytes)).toBe(true);
  });

  it('fails as soon as any part does, and leaves no other one running', async () => {
    let closed: Promise<unknown> | undefined;
    const kept: Answer = (_request, response) => {
      closed = new Promise((resolve) => response.once('close', resolve));
    };
    server.on('part', kept, error(403));
    const reading = open({ ...parted, stallMs: 60_000 })
      .read(key)
      .then(bytesOf);
    expect(await failure(reading)).toMatchObject({ code: 'store-denied' });
    await closed;
  });

  it('fails as a whole where it changes between its parts, and can be read again', async () => {
    server.on('part', right, { status: 412 });
    const reader = open(parted);
    expect(await failure(reader.read(key).then(bytesOf))).toMatchObject({ name: 'ReplacedError' });
    server.on('part', right);
    expect((await bytesOf(await reader.read(key))).equals(bytes)).toBe(true);
  });
});

describe('connections', () => {
  const sockets = new Set<unknown>();
  const counting = (): void => {
    sockets.clear();
    for (const action of ['whole', 'part']) {
      server.on(action, (request, response) => {
        sockets.add(response.socket);
        response.end(server.begin(request, response));
      });
    }
  };

  it('are kept between reads', async () => {
    counting();
    // A request that the machine is slow with is not asked again.
    const reader = open({ ...quick, stallMs: 60_000, deadlineMs: 120_000 });
    for (let i = 0; i < 5; i++) await bytesOf(await reader.read(key));
    // Neither an answer without a body nor a refusal costs the connection.
    for (const status of [304, 404, 304, 403]) {
      server.on('whole', ({ headers }, response) => {
        sockets.add(response.socket);
        response.writeHead(status, { etag: '"v1"' }).end(headers['if-none-match'] ? undefined : 'words');
      });
      await failure(reader.read(key, { ifChanged: status === 304 ? 's3:"v1"' : undefined }));
    }
    expect(sockets.size).toBe(1);
  });

  it('that the server closes while they are kept are no failure', async () => {
    const reader = open({ ...quick, retries: 0 });
    let given = 0;
    server.on('whole', (request, response) => {
      const { socket } = response;
      // Closed as soon as the answer is out, so that the next request may meet it.
      response.end(server.begin(request, response), () => setTimeout(() => socket?.destroy(), given++ % 3));
    });
    for (let i = 0; i < 30; i++) {
      expect((await bytesOf(await reader.read(key))).byteLength).toBe(300_007);
      await wait(i % 4);
    }
  });

  it('are let go when an answer is not read at all, or not to its end', async () => {
    const answering = new Set<unknown>();
    server.on('whole', (request, response) => {
      answering.add(response);
      response.on('close', () => answering.delete(response));
      response.write(server.begin(request, response).subarray(0, 100_000));
    });
    await open().read(key);
    const object: ReadObject = await open().read(key);
    for await (const _ of object.body) break;
    await wait(600);
    expect(answering.size).toBe(0);
  });
});

describe('the process', () => {
  it('outlives readers that stop at any moment of many connections', async () => {
    const failures: unknown[] = [];
    const note = (failure: unknown): unknown => failures.push(failure);
    process.on('uncaughtException', note).on('unhandledRejection', note).on('warning', note);
    server.bytes = madeBytes(3_000_000);
    // No silence is meant here: a machine that is busy brings some by itself.
    const patient = { ...quick, stallMs: 60_000, deadlineMs: 120_000 };
    const reader = open({ ...patient, largeBytes: 200_000, partBytes: 100_000, parts: 4 });
    for (let round = 0; round < 60; round++) {
      let left = round % 30;
      for await (const _ of (await reader.read(key)).body) if (left-- === 0) break;
      await wait(round % 3);
    }
    await wait(50);
    process.off('uncaughtException', note).off('unhandledRejection', note).off('warning', note);
    expect(failures).toEqual([]);
  });
});
