import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
} from 'node:zlib';
import { expect, it } from 'vitest';
import { seededRandom } from '../fixtures/onnx.ts';
import type { HandlerReply, OpenedHandler } from './handler.ts';

const json = { 'content-type': 'application/json' };
const octets = { 'content-type': 'application/octet-stream' };
const parsed = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString('utf8'));
const unpack: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  deflate: inflateSync,
};

/** Bodies and answers that are packed; a part of `handlerContract`. */
export function packs(call: OpenedHandler['call']): void {
  const question = '{"inputs":[[1,2]]}';
  it.each([
    ['gzip', gzipSync(question)],
    ['x-gzip', gzipSync(question)],
    ['GZIP', gzipSync(question)],
    ['br', brotliCompressSync(question)],
    ['deflate', deflateSync(question)],
    ['deflate', deflateRawSync(question)],
    ['identity', Buffer.from(question)],
  ])('takes a body packed with %s', async (encoding, body) => {
    const reply = await call('POST', '/v1/infer', { ...json, 'content-encoding': encoding }, body);
    expect([reply.status, parsed(reply.body)]).toMatchObject([200, { outputs: { y: [[5.5, 1]] } }]);
    expect(reply.headers).not.toHaveProperty('content-encoding');
  });

  it('takes packed bytes, and packed bodies of the Open Inference Protocol', async () => {
    const headers = { ...octets, 'content-encoding': 'gzip' };
    const all = Uint8Array.from({ length: 512 }, (_, at) => at % 256);
    const bytes = await call('POST', '/v1/models/bytes/infer', headers, gzipSync(all));
    expect(Buffer.from(bytes.body).equals(all)).toBe(true);
    const v2 = '{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}';
    const reply = await call('POST', '/v2/models/tiny/infer', { ...json, 'content-encoding': 'gzip' }, gzipSync(v2));
    expect(parsed(reply.body)).toMatchObject({ outputs: [{ data: [5.5, 1] }] });
  });

  const bomb = gzipSync(Buffer.alloc(50_000_000, 32));
  const refused: [string, string, Uint8Array, number, string][] = [
    ['what is not packed as it says', 'gzip', Buffer.from('{}'), 400, 'broken-body'],
    ['what was cut short', 'br', brotliCompressSync('{"inputs":[[1,2]]}').subarray(0, -2), 400, 'broken-body'],
    ['nothing at all', 'deflate', Buffer.alloc(0), 400, 'broken-body'],
    ['what is small packed and 50 MB unpacked', 'gzip', bomb.subarray(0, 60_000), 413, 'payload-too-large'],
    ['what is packed twice', 'gzip, gzip', gzipSync('{}'), 415, 'unsupported-encoding'],
    ['another way of packing', 'zstd', Buffer.from('{}'), 415, 'unsupported-encoding'],
  ];
  it.each(refused)('refuses %s', async (_what, encoding, body, status, code) => {
    const reply = await call('POST', '/v1/infer', { ...json, 'content-encoding': encoding }, body);
    expect([reply.status, parsed(reply.body)]).toMatchObject([status, { error: { code } }]);
  });

  const long = { inputs: Array.from({ length: 1500 }, (_, at) => at % 256) };
  const ask = (accept: Record<string, string>, type = json): Promise<HandlerReply> => {
    const body = type === json ? JSON.stringify(long) : Buffer.alloc(1500, 7);
    return call('POST', '/v1/models/bytes/infer', { ...type, ...accept }, body);
  };
  it.each([
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['deflate', 'deflate'],
    ['*', 'gzip'],
    ['gzip, deflate, br', 'gzip'],
    ['br;q=1.0, gzip;q=0.8, *;q=0.1', 'br'],
    ['gzip;q=0, *', 'br'],
    ['gzip;q=0.2, identity;q=0.1', 'gzip'],
    ['x-gzip', 'gzip'],
  ])('packs its answer for Accept-Encoding: %s', async (accepted, encoding) => {
    const reply = await ask({ 'accept-encoding': accepted });
    expect(reply.headers['content-encoding']).toBe(encoding);
    expect(parsed(unpack[encoding]!(reply.body))).toMatchObject({ outputs: { y: long.inputs } });
    expect(reply.body.byteLength).toBeLessThan(JSON.stringify(long).length / 2);
  });

  it.each([[undefined], ['identity'], ['gzip;q=0'], ['zstd'], ['identity, gzip;q=0.5'], ['gzip;q=x']])(
    'does not pack its answer for Accept-Encoding: %s',
    async (accepted) => {
      const reply = await ask(accepted === undefined ? {} : { 'accept-encoding': accepted });
      expect(reply.headers).not.toHaveProperty('content-encoding');
      expect(parsed(reply.body)).toMatchObject({ outputs: { y: long.inputs } });
    },
  );

  it('packs bytes where that saves a part of them, and small answers never', async () => {
    const gzip = { 'accept-encoding': 'gzip' };
    const reply = await ask(gzip, octets);
    expect(reply.headers).toMatchObject({ 'content-encoding': 'gzip', 'x-tensor-dtype': 'uint8' });
    expect(Buffer.from(gunzipSync(reply.body)).equals(Buffer.alloc(1500, 7))).toBe(true);
    const random = seededRandom(1);
    const noise = Uint8Array.from({ length: 4096 }, () => random() * 256);
    const plain = await call('POST', '/v1/models/bytes/infer', { ...octets, ...gzip }, noise);
    expect(plain.headers).not.toHaveProperty('content-encoding');
    expect(Buffer.from(plain.body).equals(noise)).toBe(true);
    expect((await call('GET', '/v1/models', gzip)).headers).not.toHaveProperty('content-encoding');
  });
}
