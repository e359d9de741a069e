import type { PngParts } from '../header/png.ts';

/** Writes the pixels of an unfiltered row as red, green, blue; `step` bytes lie between two of them in `out`. */
export type RowWriter = (row: Uint8Array, columns: number, out: Uint8Array, at: number, step: number) => void;

/** The writer for the kind of picture. */
export function expandRow({ colour, depth, palette }: PngParts): RowWriter {
  if (colour === 3) return byTable(depth, paletteTable(palette));
  if (colour === 0 && depth < 16) return byTable(depth, greyTable(depth));
  // Of two bytes a sample the first is the high one.
  const width = depth / 8;
  return colour === 2 || colour === 6
    ? colours(width, (colour === 2 ? 3 : 4) * width)
    : greys((colour === 0 ? 1 : 2) * width);
}

const colours =
  (sample: number, pixel: number): RowWriter =>
  (row, columns, out, at, step) => {
    for (let x = 0, from = 0, to = at; x < columns; x++, from += pixel, to += step) {
      out[to] = row[from] as number;
      out[to + 1] = row[from + sample] as number;
      out[to + 2] = row[from + 2 * sample] as number;
    }
  };

const greys =
  (pixel: number): RowWriter =>
  (row, columns, out, at, step) => {
    for (let x = 0, from = 0, to = at; x < columns; x++, from += pixel, to += step)
      out[to] = out[to + 1] = out[to + 2] = row[from] as number;
  };

/** Samples of 1 to 8 bits, the first of a byte in its high bits, stand for three bytes of the table each. */
function byTable(depth: number, table: Uint8Array): RowWriter {
  const mask = (1 << depth) - 1;
  const perByte = 8 / depth;
  return (row, columns, out, at, step) => {
    for (let x = 0, to = at; x < columns; x++, to += step) {
      const byte = row[Math.floor(x / perByte)] as number;
      const entry = 3 * ((byte >> (8 - depth * (1 + (x % perByte)))) & mask);
      out[to] = table[entry] as number;
      out[to + 1] = table[entry + 1] as number;
      out[to + 2] = table[entry + 2] as number;
    }
  };
}

/** All values that the depth has, spread over 0 to 255. */
function greyTable(depth: number): Uint8Array {
  const factor = 255 / ((1 << depth) - 1);
  return Uint8Array.from({ length: 3 << depth }, (_, at) => Math.floor(at / 3) * factor);
}

/** Entries that the palette lacks are black, as in Pillow. */
function paletteTable(palette: Uint8Array): Uint8Array {
  const table = new Uint8Array(768);
  table.set(palette.subarray(0, 768));
  return table;
}
