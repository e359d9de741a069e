/** A decoded picture: rows from the top, in each pixel red, green and blue first. */
export interface Pixels {
  width: number;
  height: number;
  /** Bytes from one pixel to the next: 3, or 4 where a fourth is left unused; `data` begins at a multiple of 4 then. */
  stride: 3 | 4;
  data: Uint8Array | Uint8ClampedArray;
}

/**
 * Turns a picture as EXIF asks for it. @param orientation 1 to 8: what stands at the left and at the top
 * @returns the same picture for 1
 */
export function orient(pixels: Pixels, orientation: number): Pixels {
  if (orientation === 1) return pixels;
  const { width, height, stride, data } = pixels;
  const [right, down] = [stride, stride * width];
  const [lastX, lastY] = [(width - 1) * right, (height - 1) * down];
  // From where to read on, and the steps to the next pixel of a row and to the next row of what is made.
  const [start, stepX, stepY] = (
    {
      2: [lastX, -right, down],
      3: [lastX + lastY, -right, -down],
      4: [lastY, right, -down],
      5: [0, down, right],
      6: [lastY, -down, right],
      7: [lastX + lastY, -down, -right],
      8: [lastX, down, -right],
    } as Record<number, [number, number, number]>
  )[orientation] ?? [0, right, down];
  const isTurned = orientation >= 5;
  const made = { width: isTurned ? height : width, height: isTurned ? width : height };
  const out = new Uint8Array(made.width * made.height * 3);
  for (let y = 0, to = 0, row = start; y < made.height; y++, row += stepY) {
    for (let x = 0, from = row; x < made.width; x++, from += stepX) {
      out[to++] = data[from] as number;
      out[to++] = data[from + 1] as number;
      out[to++] = data[from + 2] as number;
    }
  }
  return { ...made, stride: 3, data: out };
}
