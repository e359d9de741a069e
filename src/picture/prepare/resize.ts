import type { Resample, Size } from '../../model/picture-settings.ts';
import type { Pixels } from '../decode/pixels.ts';
import { precision, type Weights, weightsOf } from './filters.ts';

/** A part of a picture: from its left and its top. */
export interface Box extends Size {
  left: number;
  top: number;
}

const half = 1 << (precision - 1);

/**
 * Resizes as Pillow 13 does, to the last bit: the rows first and then the columns, each rounded to 8 bits, or the other way
 * round where that is less work. Only the part of the result that is asked for is computed.
 * @param size of the whole result @returns that part
 */
export function resize(pixels: Pixels, size: Size, resample: Resample, part: Box): Pixels {
  if (resample === 'nearest') return pickNearest(pixels, size, part);
  const across = weightsOf(resample, pixels.width, size.width, part.left, part.width);
  const down = weightsOf(resample, pixels.height, size.height, part.top, part.height);
  const [left, width] = reachOf(across);
  const [top, height] = reachOf(down);
  const source = { left, top, width, height };
  const [narrower, lower] = [pixels.width - size.width, pixels.height - size.height];
  if (lower > 0 && lower > narrower * 2) {
    const low = resizeColumns(cut(pixels, source), source.top, down);
    return narrower === 0 ? low : resizeRows(low, { ...part, left: source.left, top: 0 }, across);
  }
  const lines = { ...source, width: part.width };
  const thin = narrower === 0 ? cut(pixels, lines) : resizeRows(pixels, { ...lines, left: 0 }, across);
  return lower === 0 ? thin : resizeColumns(thin, source.top, down);
}

/** What of a line the weights reach: from where, and how far. */
function reachOf({ bounds }: Weights): [number, number] {
  const first = bounds[0] as number;
  return [first, (bounds.at(-2) as number) + (bounds.at(-1) as number) - first];
}

/** A part of a picture as it is. */
function cut({ width, stride, data }: Pixels, { left, top, ...box }: Box): Pixels {
  const out = new Uint8Array(box.width * box.height * 3);
  let to = 0;
  for (let y = 0; y < box.height; y++) {
    let from = ((top + y) * width + left) * stride;
    for (let x = 0; x < box.width; x++, from += stride) {
      out[to++] = data[from] as number;
      out[to++] = data[from + 1] as number;
      out[to++] = data[from + 2] as number;
    }
  }
  return { ...box, stride: 3, data: out };
}

/** @param left the column of the whole picture that `pixels` begin with */
function resizeRows(
  { width, height, stride, data }: Pixels,
  { top, left, ...box }: Box,
  { bounds, weights, most }: Weights,
): Pixels {
  const out = new Uint8ClampedArray(box.width * box.height * 3);
  // Of four bytes a pixel all are read at once.
  const whole = stride === 4 ? new Int32Array(data.buffer, data.byteOffset, width * height) : undefined;
  for (let y = 0, to = 0; y < box.height; y++, to += box.width * 3) {
    const row = (top + y) * width - left;
    if (whole) resizeWhole(whole, row, out, to, bounds, weights, most);
    else resizeBytes(data, row, out, to, bounds, weights, most);
  }
  return { width: box.width, height: box.height, stride: 3, data: out };
}

type Bytes = Pixels['data'];

/** Little-endian, as everywhere that functions run: red is in the low byte. */
function resizeWhole(
  data: Int32Array,
  row: number,
  out: Bytes,
  at: number,
  bounds: Int32Array,
  weights: Int32Array,
  most: number,
): void {
  for (let x = 0, to = at; 2 * x < bounds.length; x++) {
    let from = row + (bounds[2 * x] as number);
    const end = x * most + (bounds[2 * x + 1] as number);
    let red = half;
    let green = half;
    let blue = half;
    for (let tap = x * most; tap < end; tap++, from++) {
      const weight = weights[tap] as number;
      const pixel = data[from] as number;
      red = (red + Math.imul(pixel & 0xff, weight)) | 0;
      green = (green + Math.imul((pixel >> 8) & 0xff, weight)) | 0;
      blue = (blue + Math.imul((pixel >> 16) & 0xff, weight)) | 0;
    }
    out[to++] = red >> precision;
    out[to++] = green >> precision;
    out[to++] = blue >> precision;
  }
}

function resizeBytes(
  data: Bytes,
  row: number,
  out: Bytes,
  at: number,
  bounds: Int32Array,
  weights: Int32Array,
  most: number,
): void {
  for (let x = 0, to = at; 2 * x < bounds.length; x++) {
    let from = 3 * (row + (bounds[2 * x] as number));
    const end = x * most + (bounds[2 * x + 1] as number);
    let red = half;
    let green = half;
    let blue = half;
    for (let tap = x * most; tap < end; tap++, from += 3) {
      const weight = weights[tap] as number;
      red = (red + Math.imul(data[from] as number, weight)) | 0;
      green = (green + Math.imul(data[from + 1] as number, weight)) | 0;
      blue = (blue + Math.imul(data[from + 2] as number, weight)) | 0;
    }
    out[to++] = red >> precision;
    out[to++] = green >> precision;
    out[to++] = blue >> precision;
  }
}

/** @param first the row of the whole picture that `pixels` begin with */
function resizeColumns({ width, data }: Pixels, first: number, { bounds, weights, most }: Weights): Pixels {
  const height = bounds.length / 2;
  const bytes = width * 3;
  const out = new Uint8ClampedArray(bytes * height);
  const sums = new Int32Array(bytes);
  for (let y = 0; y < height; y++) {
    sums.fill(half);
    const low = (bounds[2 * y] as number) - first;
    const taps = bounds[2 * y + 1] as number;
    for (let tap = 0; tap < taps; tap++) {
      const weight = weights[y * most + tap] as number;
      const row = (low + tap) * bytes;
      for (let x = 0; x < bytes; x++) sums[x] = (sums[x] as number) + Math.imul(data[row + x] as number, weight);
    }
    for (let x = 0; x < bytes; x++) out[y * bytes + x] = (sums[x] as number) >> precision;
  }
  return { width, height, stride: 3, data: out };
}

/** The pixel whose area holds the middle of the one that is made; steps are added up, as Pillow adds them. */
function pickNearest({ width, height, stride, data }: Pixels, size: Size, part: Box): Pixels {
  const columns = nearestOf(width, size.width, part.left, part.width);
  const rows = nearestOf(height, size.height, part.top, part.height);
  const out = new Uint8Array(part.width * part.height * 3);
  let to = 0;
  for (const y of rows) {
    for (const x of columns) {
      const from = (y * width + x) * stride;
      out[to++] = data[from] as number;
      out[to++] = data[from + 1] as number;
      out[to++] = data[from + 2] as number;
    }
  }
  return { width: part.width, height: part.height, stride: 3, data: out };
}

function nearestOf(from: number, to: number, first: number, count: number): Int32Array {
  const step = from / to;
  const out = new Int32Array(count);
  for (let index = 0, place = step * 0.5; index < first + count; index++, place += step)
    if (index >= first) out[index - first] = Math.min(from - 1, Math.trunc(place));
  return out;
}
