import { describe, expect, it } from 'vitest';
import { recycle } from '../../src/stores/chunk-pool.ts';
import { pieces } from '../../src/stores/pieces.ts';
import { failingAfter, gathered, inChunks, madeBytes, noChunks, OpenSource } from '../fakes/stores/bodies.ts';

const bytes = madeBytes(100_003);

describe('cutting a body into pieces', () => {
  it.each([[[1]], [[7, 1000, 3]], [[40_000]], [[100_003]]])(
    'gives all bytes in order from chunks of %j',
    async (sizes) => {
      const cut = await gathered(pieces(inChunks(Buffer.from(bytes), sizes), 30_000));
      expect(cut.map((piece) => piece.byteLength)).toEqual([30_000, 30_000, 30_000, 10_003]);
      expect(Buffer.concat(cut).equals(bytes)).toBe(true);
    },
  );

  it('gives no empty piece at the end, and none at all for an empty body', async () => {
    const whole = await gathered(pieces(inChunks(bytes.subarray(0, 90_000), [1234]), 30_000));
    expect(whole.map((piece) => piece.byteLength)).toEqual([30_000, 30_000, 30_000]);
    for (const empty of [noChunks(), new Uint8Array(0)]) expect(await gathered(pieces(empty, 10))).toEqual([]);
  });

  it('shows parts of a buffer without copying them', async () => {
    const cut = await gathered(pieces(bytes, 60_000));
    expect(cut.map((piece) => [piece.byteOffset - bytes.byteOffset, piece.byteLength])).toEqual([
      [0, 60_000],
      [60_000, 40_003],
    ]);
  });

  it('passes chunks on without copying them where they fit, before and after others that do not', async () => {
    const sizes = [30_000, 10_000, 20_000, 30_000, 10_003];
    const chunks = await gathered(inChunks(Buffer.from(bytes), sizes));
    const cut = await gathered(
      pieces(
        (async function* () {
          yield* chunks;
        })(),
        30_000,
      ),
    );
    expect(cut.map((piece) => chunks.indexOf(piece))).toEqual([0, -1, 3, 4]);
    expect(Buffer.concat(cut).equals(bytes)).toBe(true);
  });

  it('takes a chunk of the size before last for no whole piece once pieces have grown', async () => {
    const cut = await gathered(
      pieces(inChunks(Buffer.from(bytes), [10_000]), (before) => (before < 2 ? 10_000 : 20_000)),
    );
    expect(cut.map((piece) => piece.byteLength)).toEqual([10_000, 10_000, 20_000, 20_000, 20_000, 20_000, 3]);
    expect(Buffer.concat(cut).equals(bytes)).toBe(true);
  });

  it.each(['a stream', 'a buffer'])('lets pieces of %s grow', async (kind) => {
    const body = kind === 'a buffer' ? bytes : inChunks(Buffer.from(bytes), [999]);
    const cut = await gathered(pieces(body, (before) => (before < 2 ? 10_000 : 50_000)));
    expect(cut.map((piece) => piece.byteLength)).toEqual([10_000, 10_000, 50_000, 30_003]);
    expect(Buffer.concat(cut).equals(bytes)).toBe(true);
  });

  it('leaves kept pieces alone while the memory of recycled ones is used again', async () => {
    const kept: Uint8Array[] = [];
    let turn = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < 20; n++) yield Buffer.alloc(1000, n);
    }
    for await (const piece of pieces(source(), 1000)) {
      if (turn++ % 2 === 0) kept.push(piece);
      else recycle(piece);
    }
    expect(kept.map((piece) => piece.every((byte) => byte === piece[0]) && piece[0])).toEqual([
      0, 2, 4, 6, 8, 10, 12, 14, 16, 18,
    ]);
  });

  it('reads no further than the piece that was asked for', async () => {
    let read = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      for (; read < 100; read++) yield new Uint8Array(10);
    }
    const cut = pieces(source(), 30);
    await cut.next();
    expect(read).toBe(2);
    await cut.return(undefined);
    expect(read).toBe(2);
  });

  it('returns its source when it is left, and passes on the failure of its source', async () => {
    const left = new OpenSource();
    for await (const _ of pieces(left, 10)) break;
    expect(left.isOpen).toBe(false);
    const broken = new Error('the source broke');
    await expect(gathered(pieces(failingAfter(madeBytes(25), broken), 10))).rejects.toBe(broken);
  });
});
