/** Powers of ten that a double holds as the nearest one; beyond them the reference divides twice. */
const largestPower = 308;
const mostOf64Bits = 2n ** 64n - 1n;

/**
 * A number as the reference reads it, which is not always the nearest double: its digits as an integer of 64 bits, those
 * that do not fit left out, times or by a power of ten. serde_json does so without its feature `float_roundtrip`
 * (https://docs.rs/crate/serde_json/latest/features); one unit in the last place decides ties between pieces.
 *
 * @param literal a number of JSON with a fraction or an exponent
 */
export function referenceNumber(literal: string): number {
  const [, sign, whole, fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? [];
  if (whole === undefined) return Number(literal);
  let significand = 0n;
  let exponent = Number(power);
  let isFull = false;
  for (const [at, digit] of [...whole, ...fraction].entries()) {
    const isFraction = at >= whole.length;
    const next = significand * 10n + BigInt(digit);
    if (!isFull && next <= mostOf64Bits) significand = next;
    else isFull = true;
    if (isFull && !isFraction) exponent += 1;
    if (!isFull && isFraction) exponent -= 1;
  }
  let value = Number(significand);
  for (; exponent < -largestPower && value !== 0; exponent += largestPower) value /= 1e308;
  value = exponent < 0 ? value / Number(`1e${-exponent}`) : value * Number(`1e${exponent}`);
  return sign === '-' ? -value : value;
}

/** JSON whose fractions are read as the reference reads them. @throws SyntaxError */
export function parseAsReference(text: string): unknown {
  // Only the scores of Unigram are fractions, and looking at each value takes a second for 250,000 words.
  if (!/"type"\s*:\s*"Unigram"/.test(text) && !/\[\s*"[^"]*"\s*,\s*-?\d+\.\d/.test(text)) return JSON.parse(text);
  const read = (_key: string, value: unknown, { source }: { source?: string } = {}): unknown =>
    typeof value === 'number' && source !== undefined && /[.eE]/.test(source) ? referenceNumber(source) : value;
  return JSON.parse(text, read as (key: string, value: unknown) => unknown);
}
