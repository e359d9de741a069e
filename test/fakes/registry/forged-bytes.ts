import { crc32 } from 'node:zlib';

const table = Uint32Array.from({ length: 256 }, (_, at) => {
  let rest = at;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest >>> 0;
});
/** By the highest byte of a table's entry: which one it is. Each has another. */
const byTop = new Map([...table].map((entry, at) => [entry >>> 24, at]));
const indexOf = (state: number): number => byTop.get(state >>> 24) as number;

/**
 * Other bytes of the same length and the same CRC-32: `mark` at the end, and four bytes before it that make up for it.
 * The bytes at the end of `original` are replaced.
 */
export function forge(original: Uint8Array, mark = 'FORGED'): Buffer {
  const forged = Buffer.from(original);
  const tail = forged.byteLength - mark.length;
  forged.write(mark, tail);
  // Backwards from the checksum that must come out, over the mark, to the state that the four bytes have to reach.
  let state = ~crc32(original) >>> 0;
  for (let at = forged.byteLength - 1; at >= tail; at--) {
    const entry = indexOf(state);
    state = ((((state ^ (table[entry] as number)) << 8) >>> 0) | (entry ^ (forged[at] as number))) >>> 0;
  }
  const entries: number[] = [];
  for (let step = 0; step < 4; step++) {
    const entry = indexOf(state);
    entries.unshift(entry);
    state = ((state ^ (table[entry] as number)) << 8) >>> 0;
  }
  let reached = ~crc32(forged.subarray(0, tail - 4)) >>> 0;
  for (const [step, entry] of entries.entries()) {
    forged[tail - 4 + step] = (entry ^ reached) & 0xff;
    reached = ((table[entry] as number) ^ (reached >>> 8)) >>> 0;
  }
  if (crc32(forged) !== crc32(original) || forged.equals(original)) throw new Error('the checksum was not forged');
  return forged;
}
