import { gunzipSync, inflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { pack } from '../../../src/handler/http/packing.ts';
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
