import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Crc32c } from '../../src/stores/gcs/crc32c.ts';
import { openGcsStore } from '../../src/stores/gcs.ts';
import type { Store } from '../../src/stores/store.ts';
import { failingAfter, inChunks, madeBytes, OpenSource } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { gcsError, googleEnvironment, holding, json, scriptedGcs } from '../fakes/stores/gcs-server.ts';
import {
  type Answer,
  hangUp,
  type Received,
  type ScriptedServer,
  silent,
  stallMsFor,
} from '../fakes/stores/script-server.ts';

googleEnvironment();

const pieceBytes = 1000;
const limits = { pieceBytes, attempts: 3, rateMs: 30 };
const key = 'digits/versions/1.0.0/model.onnx';
const bytes = madeBytes(3500);
const crc32c = new Crc32c().update(bytes).digest();

let server: ScriptedServer;
let store: Store;
const opened = (...answers: Answer[]): Store =>
  openGcsStore({ url: 'gs://bucket', endpoint: server.endpoint }, { ...limits, stallMs: stallMsFor(...answers) });
beforeEach(async () => {
  server = await scriptedGcs();
  store = opened();
});
afterEach(() => server.close());

const create = (body: Uint8Array = bytes) => errorCode(store.put(key, inChunks(body, [700, 5, 64]), 'absent'));
const ranges = () => server.of('piece').map(({ headers }) => headers['content-range']);
const done = json({ generation: '8', size: '3500', crc32c });
const refusal = gcsError(412, 'conditionNotMet');

/** What the pieces that came amount to, each byte where it belongs. */
function assembled(): Buffer {
  const all = Buffer.alloc(3500);
  for (const { headers, body } of server.of('piece'))
    body.copy(all, Number(/\d+/.exec(headers['content-range'] ?? '')?.[0]));
  return all;
}

describe('a large object on its way to Google Cloud Storage', () => {
  it('goes in pieces of one size, the last with the checksum of all', async () => {
    server.on('piece', holding(1000), holding(2000), holding(3000), done);
    expect(await store.put(key, inChunks(bytes, [999]), 'absent', { contentType: 'a/b' })).toBe('gs:8');
    expect(ranges()).toEqual(['bytes 0-999/*', 'bytes 1000-1999/*', 'bytes 2000-2999/*', 'bytes 3000-3499/3500']);
    expect(server.of('piece').map(({ headers }) => headers['x-goog-hash'])).toEqual([
      undefined,
      undefined,
      undefined,
      `crc32c=${crc32c}`,
    ]);
    expect(assembled().equals(bytes)).toBe(true);
    const begun = server.of('begin')[0];
    expect(begun?.query.get('ifGenerationMatch')).toBe('0');
    expect(begun?.headers['x-upload-content-type']).toBe('a/b');
    expect(JSON.parse(begun?.body.toString() ?? '')).toEqual({ name: key, contentType: 'a/b' });
    // The server would take a type that a piece is sent with for the object's.
    expect(server.of('piece').every(({ headers }) => headers['content-type'] === undefined)).toBe(true);
  });

  it('ends on a whole piece as well', async () => {
    expect(await create(bytes.subarray(0, 2000))).toBe('did not throw');
    expect(ranges()).toEqual(['bytes 0-999/*', 'bytes 1000-1999/2000']);
  });

  it('is gathered while the piece before is on its way, and no further ahead', async () => {
    let produced = 0;
    const ahead: number[] = [];
    async function* source(): AsyncGenerator<Uint8Array> {
      for (; produced < 10; produced++) yield madeBytes(pieceBytes);
    }
    server.on('piece', async ({ headers }, response) => {
      await wait(20);
      const [, from = '0', end = '0', total] = /(\d+)-(\d+)\/(\*|\d+)/.exec(headers['content-range'] ?? '') ?? [];
      ahead.push(produced - Number(from) / pieceBytes);
      if (total !== '*') response.writeHead(200).end('{"generation":"8"}');
      else response.writeHead(308, { range: `bytes=0-${end}` }).end();
    });
    await store.put(key, source(), 'absent');
    expect(ahead).toHaveLength(10);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(3);
  });

  it.each(['absent', { unchanged: 'gs:6' }] as const)('is not begun when %j does not hold', async (when) => {
    server.on('describe', json({ generation: '7', size: '3', updated: '2026-11-24T08:00:00Z' }));
    const source = new OpenSource();
    const small = openGcsStore({ url: 'gs://bucket', endpoint: server.endpoint }, { ...limits, pieceBytes: 10 });
    expect(await errorCode(small.put(key, source, when))).toBe(when === 'absent' ? 'already-exists' : 'stale-token');
    expect(server.actions()).toEqual(['describe']);
    expect(source.isOpen).toBe(false);
  });

  it('is refused at its beginning, where the session is opened', async () => {
    server.on('begin', refusal);
    expect(await create()).toBe('already-exists');
    server.on('begin', hangUp, refusal);
    // An opened session has written nothing: the refusal is another's doing for certain.
    expect(await create()).toBe('already-exists');
    expect(server.of('piece')).toEqual([]);
  });
});

/** Sees a part of the piece, then cuts the connection. */
const cut: Answer = hangUp;
const holds =
  (count: number): Answer =>
  (request: Received, response: ServerResponse) => {
    expect(request.body.byteLength).toBe(0);
    response.writeHead(308, count === 0 ? {} : { range: `bytes=0-${count - 1}` }).end();
  };

describe('a piece on its way to Google Cloud Storage', () => {
  it.each([
    ['is cut', cut],
    ['is met by silence', silent],
    ['is met by 503', gcsError(503, 'backendError')],
    ['is met by too many requests', gcsError(429, 'rateLimitExceeded')],
  ])('that %s is gone on with from where the server is', async (_how, failure) => {
    store = opened(failure);
    server.on('piece', holding(1000), failure, holding(2000), holding(3000), done);
    server.on('ask', holds(1256));
    expect(await create()).toBe('did not throw');
    expect(ranges()).toEqual([
      'bytes 0-999/*',
      'bytes 1000-1999/*',
      'bytes 1256-1999/*',
      'bytes 2000-2999/*',
      'bytes 3000-3499/3500',
    ]);
    expect(server.of('ask')[0]?.headers['content-range']).toBe('bytes */*');
    expect(assembled().equals(bytes)).toBe(true);
  });

  it('that the server has whole is not sent again', async () => {
    server.on('piece', cut, holding(2000), holding(3000), done);
    server.on('ask', holds(1000));
    expect(await create()).toBe('did not throw');
    expect(ranges()[1]).toBe('bytes 1000-1999/*');
  });

  it('is taken in part, and the rest sent', async () => {
    server.on('piece', holding(512), holding(1000), holding(2000), holding(3000), holding(3256), done);
    expect(await create()).toBe('did not throw');
    expect(ranges()).toContain('bytes 512-999/*');
    expect(ranges().at(-1)).toBe('bytes 3256-3499/3500');
    expect(assembled().equals(bytes)).toBe(true);
  });

  it.each([
    ['forgets what it had', [holding(1000), holding(500)]],
    ['claims more than it got', [holding(5000)]],
    ['takes nothing', [holding(0)]],
  ] as [string, Answer[]][])('is given up, and the session dropped, when the server %s', async (_how, answers) => {
    server.on('piece', ...answers);
    expect(await create()).toBe('store-unavailable');
    expect(server.actions().at(-1)).toBe('abandon');
  });

  it('that makes an object before its time has it removed', async () => {
    server.on('piece', cut);
    server.on('ask', json({ generation: '9', size: '0' }));
    expect(await create()).toBe('store-unavailable');
    expect(server.of('delete')[0]?.query.get('ifGenerationMatch')).toBe('9');
  });

  it('drops the session when its source fails, and passes the failure on', async () => {
    const broken = new Error('the source broke');
    await expect(store.put(key, failingAfter(Buffer.from(bytes), broken), 'absent')).rejects.toBe(broken);
    expect(server.actions().at(-1)).toBe('abandon');
  });

  it('drops the session when it is denied, and returns its source', async () => {
    server.on('piece', gcsError(403, 'forbidden'));
    const small = openGcsStore({ url: 'gs://bucket', endpoint: server.endpoint }, { ...limits, pieceBytes: 10 });
    const source = new OpenSource();
    expect(await errorCode(small.put(key, source, 'absent'))).toBe('denied');
    expect(source.isOpen).toBe(false);
    expect(server.actions().at(-1)).toBe('abandon');
  });
});

describe('the last piece of a large object on Google Cloud Storage, answered', () => {
  const before = [holding(1000), holding(2000), holding(3000)];
  const outcomes: [name: string, last: Answer[], questions: Answer[], expected: string][] = [
    ['done', [done], [], 'did not throw'],
    ['refused', [refusal], [], 'already-exists'],
    // The session knows its own success, unlike a single request (P1).
    ['lost, and the session says done', [hangUp], [done], 'did not throw'],
    ['lost, and the session has part of it', [hangUp, done], [holds(3300)], 'did not throw'],
    ['lost, and the session is gone', [hangUp], [gcsError(404, 'notFound')], 'store-unavailable'],
    ['lost, then refused', [hangUp], [refusal], 'store-unavailable'],
    ['500, and the session says done', [gcsError(500, 'backendError')], [done], 'did not throw'],
    ['lost, lost, and the session says done', [hangUp], [hangUp, done], 'did not throw'],
    ['too many changes, then done', [gcsError(429, 'rateLimitExceeded'), done], [holds(3000)], 'did not throw'],
    ['too many changes, then refused', [gcsError(429, 'rateLimitExceeded'), refusal], [holds(3000)], 'already-exists'],
    ['the session is gone', [gcsError(410, 'gone')], [], 'store-unavailable'],
    ['lost again and again', [hangUp], [hangUp], 'store-unavailable'],
    ['denied', [gcsError(403, 'forbidden')], [], 'denied'],
  ];
  it.each(outcomes)('%s', async (_name, last, questions, expected) => {
    server.on('piece', ...before, ...last);
    if (questions.length > 0) server.on('ask', ...questions);
    expect(await create()).toBe(expected);
    expect(server.of('begin')).toHaveLength(1);
    for (const { headers } of server.of('ask')) expect(headers['content-range']).toBe('bytes */3500');
    expect(server.of('abandon')).toHaveLength(expected === 'did not throw' ? 0 : 1);
  });

  it('with other bytes than were sent is undone, and not reported as written', async () => {
    server.on('piece', ...before, json({ generation: '8', size: '3500', crc32c: 'AAAAAA==' }));
    expect(await create()).toBe('store-unavailable');
    expect(server.of('delete')[0]?.query.get('ifGenerationMatch')).toBe('8');
  });

  it('never shows the session’s address, by which anybody could write', async () => {
    server.on('piece', ...before, gcsError(410, 'gone'));
    const thrown = await store.put(key, inChunks(bytes, [1000]), 'absent').catch((error: Error) => error);
    const shown = (error: unknown): string =>
      error instanceof Error ? `${error.message} ${error.stack} ${JSON.stringify(error)} ${shown(error.cause)}` : '';
    expect(shown(thrown)).toContain('session has ended');
    expect(shown(thrown)).not.toContain('secret-of-the-session');
  });
});

describe('CRC-32C', () => {
  it('is right for any cut and any place in memory', () => {
    const memory = madeBytes(5000, 3);
    const bytewise = (part: Uint8Array): number => {
      let remainder = -1;
      for (const byte of part) {
        remainder ^= byte;
        for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0x82f63b78 : 0);
      }
      return ~remainder;
    };
    for (let from = 0; from < 20; from++) {
      for (const length of [0, 1, 3, 15, 16, 17, 63, 1000, 4001]) {
        const part = memory.subarray(from, from + length);
        const cutAt = Math.floor(length / 3);
        const sum = new Crc32c().update(part.subarray(0, cutAt)).update(part.subarray(cutAt)).digest();
        expect(Buffer.from(sum, 'base64').readInt32BE()).toBe(bytewise(part));
      }
    }
  });
});
