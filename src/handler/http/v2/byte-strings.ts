import { isUtf8 } from 'node:buffer';
import { badInput } from '../../tensors/tensors-in.ts';

/** Text tensors in the binary extension: four bytes of length, little-endian, and the bytes, for each element. */
export function readByteStrings(bytes: Uint8Array, place: string): string[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  for (let at = 0; at < all.byteLength; ) {
    const length = at + 4 <= all.byteLength ? all.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    const end = at + 4 + length;
    if (end > all.byteLength)
      throw badInput(place, 'elements that each follow their length', 'bytes that end too early');
    const text = all.subarray(at + 4, end);
    if (!isUtf8(text)) throw badInput(place, 'text in UTF-8', 'other bytes');
    texts.push(text.toString('utf8'));
    at = end;
  }
  return texts;
}

export function writeByteStrings(texts: readonly string[]): Uint8Array {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.byteLength);
      return [length, bytes];
    }),
  );
}
