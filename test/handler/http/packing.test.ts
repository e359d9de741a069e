import { gunzipSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { pack } from '../../../src/handler/http/packing.ts';
import { jsonWith } from '../../../src/handler/tensors/tensor-answer.ts';
import { type Put, writeOutputs } from '../../../src/handler/tensors/tensors-out.ts';
import type { ParsedTensor } from '../../../src/model/tensor-json.ts';
import { seededRandom } from '../../fixtures/onnx.ts';

/** So many bytes of JSON, of numbers without repetitions. */
function digits(bytes: number): string {
  const random = seededRandom(bytes);
  return JSON.stringify(Array.from({ length: bytes >> 2 }, () => random())).slice(0, bytes);
}

it.each([131_071, 131_072, 131_073, 599_329, 3_000_001])(
  'packs %d bytes of digits into one gzip member',
  async (size) => {
    const text = digits(size);
    const { headers, body } = await pack({ status: 200, headers: {}, body: text }, 'gzip');
    expect(headers).toEqual({ 'content-encoding': 'gzip' });
    const packed = Buffer.from(body as Uint8Array);
    expect(packed.byteLength).toBeLessThan(size / 2);
    // gunzip checks digest and length; the bare content shows that no second member follows, which browsers leave out.
    expect(gunzipSync(packed).toString()).toBe(text);
    expect(inflateRawSync(packed.subarray(10, -8)).toString()).toBe(text);
  },
);

it('packs what repeats in one run, where references shorten it', async () => {
  const text = '{"label":"positive"},'.repeat(20_000);
  const { body } = await pack({ status: 200, headers: {}, body: text }, 'gzip');
  expect(body.length).toBeLessThan(text.length / 50);
  expect(gunzipSync(body as Uint8Array).toString()).toBe(text);
});

/** Of 19 digits, which JSON has as text. */
const wide = (one: number): bigint => BigInt(Math.round(one * 2 ** 40)) * 2n ** 22n;

describe('an answer that is packed while it is written', () => {
  const random = seededRandom(3);
  const floats = (length: number) => Float32Array.from({ length }, random);
  const odd = floats(60_000).map((one, at) => (at % 1000 === 0 ? Number.NaN : one));
  const tensors: [string, ParsedTensor][] = [
    ['a list', { dtype: 'float32', shape: [60_000], data: floats(60_000) }],
    ['lists of three, with missing values', { dtype: 'float32', shape: [1, 20_000, 3], data: odd }],
    ['two long lists', { dtype: 'float64', shape: [2, 30_001], data: Float64Array.from({ length: 60_002 }, random) }],
    ['wide integers', { dtype: 'int64', shape: [20_000, 1], data: BigInt64Array.from(floats(20_000), wide) }],
  ];
  it.each(tensors)('is the plain one: %s', async (_name, tensor) => {
    const outputs = new Map([
      ['few', { dtype: 'float32' as const, shape: [2], data: Float32Array.of(1, 2) }],
      ['y', tensor],
    ]);
    for (const form of ['nested', 'flat'] as const) {
      const make = (put?: Put) => ({ outputs: writeOutputs(outputs, form, put), model: { name: 'm' } });
      const plain = JSON.stringify(make());
      const { headers, body } = await jsonWith([outputs], make, 'br;q=0.5, gzip');
      const gzipped = headers['content-encoding'] === 'gzip';
      // Brackets between the numbers repeat, and references to them are shorter.
      expect(gzipped).toBe(form === 'flat' || tensor.shape.at(-1)! > 3);
      const bytes = Buffer.from(body as Uint8Array);
      expect((gzipped ? gunzipSync(bytes) : bytes).toString() === plain).toBe(true);
      if (gzipped) expect(inflateRawSync(bytes.subarray(10, -8)).toString() === plain).toBe(true);
      const refused = await jsonWith([outputs], make, 'gzip;q=0');
      expect([refused.headers['content-encoding'], refused.body.toString() === plain]).toEqual([undefined, true]);
    }
  });

  it('is left to one run where references shorten it', async () => {
    const outputs = new Map([['y', { dtype: 'float32' as const, shape: [60_000], data: new Float32Array(60_000) }]]);
    const make = (put?: Put) => writeOutputs(outputs, 'nested', put);
    const { headers, body } = await jsonWith([outputs], make, 'gzip');
    expect([headers['content-encoding'], body.toString() === JSON.stringify(make())]).toEqual([undefined, true]);
  });
});
