import { inflateSync } from 'node:zlib';
import type { PngParts } from '../header/png.ts';
import { broken, truncated } from '../picture-error.ts';
import type { Pixels } from './pixels.ts';
import { expandRow, type RowWriter } from './png-rows.ts';

const samples: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Of interlaced pictures: first column and row, and the steps to the next. https://www.w3.org/TR/png-3/#8Interlace */
const passes = [
  ...[
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
  ],
  ...[
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ],
] as [number, number, number, number][];

/** One picture of those that an interlaced one consists of. */
interface Pass {
  x: number;
  y: number;
  stepX: number;
  stepY: number;
  columns: number;
  rows: number;
  rowBytes: number;
}

/**
 * Decodes the pixels: grey and palette become colours, alpha is dropped, of 16 bits the high byte is taken. Node's own zlib
 * does the work, bounded to the bytes that the header announces. Throws PictureError 422.
 */
export function decodePng(parts: PngParts): Pixels {
  const { width, height, depth, colour } = parts;
  const bits = (samples[colour] as number) * depth;
  const areas = passesOf(parts, bits);
  const raw = inflate(
    parts.data,
    areas.reduce((sum, { rows, rowBytes }) => sum + rows * (rowBytes + 1), 0),
  );
  const data = new Uint8Array(width * height * 3);
  const write = expandRow(parts);
  const pixelBytes = Math.max(1, bits >> 3);
  let at = 0;
  for (const area of areas) at = readPass(raw, at, area, pixelBytes, rowTo(data, width, write));
  return { width, height, stride: 3, data };
}

function passesOf({ width, height, interlaced }: PngParts, bits: number): Pass[] {
  const all = interlaced ? passes : [[0, 0, 1, 1] as const];
  return all.flatMap(([x, y, stepX, stepY]) => {
    const columns = Math.ceil((width - x) / stepX);
    const rows = Math.ceil((height - y) / stepY);
    return columns > 0 && rows > 0
      ? [{ x, y, stepX, stepY, columns, rows, rowBytes: Math.ceil((columns * bits) / 8) }]
      : [];
  });
}

function inflate(chunks: readonly Uint8Array[], expected: number): Buffer {
  const packed = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
  let raw: Buffer;
  try {
    raw = inflateSync(packed, { maxOutputLength: expected });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') throw truncated();
    throw broken('The PNG picture holds other data than its header announces.');
  }
  if (raw.length < expected) throw truncated();
  return raw;
}

type PutRow = (row: Uint8Array, area: Pass, y: number) => void;

const rowTo =
  (data: Uint8Array, width: number, write: RowWriter): PutRow =>
  (row, { x, y, stepX, stepY, columns }, index) =>
    write(row, columns, data, ((y + index * stepY) * width + x) * 3, stepX * 3);

/** Undoes the filters of each row, where it lies, and hands it on. @returns where the pass ends */
function readPass(raw: Uint8Array, from: number, area: Pass, pixelBytes: number, put: PutRow): number {
  const { rows, rowBytes } = area;
  let before: Uint8Array = new Uint8Array(rowBytes);
  let at = from;
  for (let y = 0; y < rows; y++, at += rowBytes + 1) {
    const row = raw.subarray(at + 1, at + 1 + rowBytes);
    unfilter(raw[at] as number, row, before, pixelBytes);
    put(row, area, y);
    before = row;
  }
  return at;
}

/** https://www.w3.org/TR/png-3/#9Filters */
function unfilter(filter: number, row: Uint8Array, up: Uint8Array, step: number): void {
  const length = row.length;
  if (filter === 1) {
    for (let i = step; i < length; i++) row[i] = (row[i] as number) + (row[i - step] as number);
  } else if (filter === 2) {
    for (let i = 0; i < length; i++) row[i] = (row[i] as number) + (up[i] as number);
  } else if (filter === 3) {
    for (let i = 0; i < length; i++) {
      const left = i < step ? 0 : (row[i - step] as number);
      row[i] = (row[i] as number) + ((left + (up[i] as number)) >> 1);
    }
  } else if (filter === 4) {
    for (let i = 0; i < Math.min(step, length); i++) row[i] = (row[i] as number) + (up[i] as number);
    for (let i = step; i < length; i++)
      row[i] = (row[i] as number) + paeth(row[i - step] as number, up[i] as number, up[i - step] as number);
  } else if (filter !== 0) throw broken('The PNG picture has a filter that the standard does not have.');
}

function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
