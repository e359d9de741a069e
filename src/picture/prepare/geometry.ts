import type { PictureSettings, Size } from '../../model/picture-settings.ts';
import { PictureError } from '../picture-error.ts';
import type { Box } from './resize.ts';

/** What is made of a picture of some size. */
export interface Plan {
  /** The whole picture, resized. */
  scaled: Size;
  /** What is kept of it. */
  part: Box;
  /** Of the tensor; the part stands at `left` and `top` in it, the rest is black. */
  frame: Box;
}

/** Above what any model takes: a narrow picture whose short edge is given may get a very long one. */
const maxPixels = 16_000_000;

/** Throws PictureError 422 for a picture that is too narrow for the shorter edge that the model takes. */
export function planFor(source: Size, { resize, crop }: PictureSettings): Plan {
  const scaled = scaledSize(source, resize);
  const { height, width } = crop ?? scaled;
  if (scaled.height * scaled.width > maxPixels && scaled !== source)
    throw new PictureError(422, 'narrow-picture', 'The picture is too narrow: its longer edge would get too long.');
  const [vertical, horizontal] = [along(scaled.height, height), along(scaled.width, width)];
  return {
    scaled,
    part: { top: vertical.from, left: horizontal.from, height: vertical.length, width: horizontal.length },
    frame: { top: vertical.to, left: horizontal.to, height, width },
  };
}

function scaledSize(source: Size, resize: PictureSettings['resize']): Size {
  if (!resize) return source;
  if (!('shortest_edge' in resize)) return resize;
  const { shortest_edge: edge } = resize;
  const { height, width } = source;
  const longer = (long: number, short: number): number => Math.trunc((edge * long) / short);
  return width <= height
    ? { height: longer(height, width), width: edge }
    : { height: edge, width: longer(width, height) };
}

/** Of one direction: where to cut, how much, and where that stands in what is longer. As transformers crops and pads. */
function along(length: number, wanted: number): { from: number; to: number; length: number } {
  if (length >= wanted) return { from: Math.floor((length - wanted) / 2), to: 0, length: wanted };
  return { from: 0, to: Math.ceil((wanted - length) / 2), length };
}
