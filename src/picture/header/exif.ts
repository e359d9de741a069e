const orientationTag = 0x0112;
const [short, long] = [3, 4];
const entryBytes = 12;

/**
 * The orientation that a block of EXIF states, 1 where it states none that is valid. Of the block only the first directory
 * is read. https://www.cipa.jp/std/documents/download_e.html?DC-008-Translation-2023-E (TIFF inside)
 */
export function orientationOf(block: Uint8Array): number {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  const tiff = bytes.subarray(bytes.toString('latin1', 0, 6) === 'Exif\0\0' ? 6 : 0);
  const order = tiff.toString('latin1', 0, 2);
  if (tiff.length < 8 || (order !== 'II' && order !== 'MM')) return 1;
  const little = order === 'II';
  const u16 = (at: number): number => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const u32 = (at: number): number => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  const directory = u32(4);
  if (u16(2) !== 42 || directory + 2 > tiff.length) return 1;
  const count = u16(directory);
  for (let index = 0, at = directory + 2; index < count && at + entryBytes <= tiff.length; index++, at += entryBytes) {
    if (u16(at) !== orientationTag) continue;
    const type = u16(at + 2);
    const value = type === short ? u16(at + 8) : type === long ? u32(at + 8) : 0;
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
