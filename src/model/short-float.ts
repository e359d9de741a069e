/** Powers of ten that a double holds exactly: 10^0 to 10^22. */
const powersOfTen = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/**
 * A number of few decimal digits that rounds to the same float: JSON writes 0.1 in place of 0.10000000149011612.
 * `digits` is how many do for most floats, and two more how many do for all: 7 and 9 for float32, 3 and 5 for float16
 * (IEEE 754-2019, 5.12.2); now and then fewer would have done. A quotient of a whole number and an exact power of ten
 * is the double closest to that decimal, which is the one that JSON writes with those digits; each is rounded to the
 * float before it is answered, so whatever the scaling loses, the answer is never another float. Whole numbers, whose
 * digits are all significant to readers, stay as they are (float16 would make 65500 of 65504), and so do floats below
 * 1e-16.
 */
function shortened(value: number, digits: number, round: (value: number) => number): number {
  const size = Math.abs(value);
  if (!(size >= 1e-16 && size < 1e7) || Number.isInteger(value)) return value;
  const first = decimalsFor(size, digits);
  const last = Math.min(first + 2, powersOfTen.length - 1);
  for (let decimals = first; decimals <= last; decimals++) {
    const scale = powersOfTen[decimals] as number;
    const short = Math.round(value * scale) / scale;
    if (round(short) === value) return short;
  }
  return value;
}

/** Decimals that make so many digits of a float of that size. The most common sizes need no logarithm. */
function decimalsFor(size: number, digits: number): number {
  if (size >= 0.01 && size < 10) return size >= 1 ? digits - 1 : size >= 0.1 ? digits : digits + 1;
  return Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
}

/** @param value finite or not, exactly a float32 */
export const shortFloat32 = (value: number): number => shortened(value, 7, Math.fround);

/** @param value finite or not, exactly a float16. Needs Node 24, as models with float16 do. */
export const shortFloat16 = (value: number): number => shortened(value, 3, Math.f16round);
