import type { Dtype } from '../../../model/tensor-info.ts';

/** Clients of the protocol write 64-bit integers as plain numbers, which lose their last digits as doubles. */
export const isWide = (dtype: Dtype): boolean => dtype === 'int64' || dtype === 'uint64';

/** Whole numbers that a double may not hold. */
const long = /(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/** A JSON document again, its long whole numbers as texts of digits; the one given where it has none. */
export function withLongIntegersAsText<T>(json: T, bytes: Uint8Array): T {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return text.search(long) < 0 ? json : (JSON.parse(quoteLongIntegers(text)) as T);
}

/** Quotes numbers outside of texts. The document was parsed before, so every text in it ends. */
function quoteLongIntegers(text: string): string {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const open = text.indexOf('"', at);
    parts.push(text.slice(at, open < 0 ? text.length : open).replace(long, '"$&"'));
    if (open < 0) break;
    let close = text.indexOf('"', open + 1);
    while (isEscaped(text, close)) close = text.indexOf('"', close + 1);
    parts.push(text.slice(open, close + 1));
    at = close + 1;
  }
  return parts.join('');
}

function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === '\\') first--;
  return (at - first) % 2 === 1;
}

/** Node 22 and newer write a number digit by digit; older ones leave it a text. */
const { rawJSON = (text: string): unknown => text } = JSON as { rawJSON?: (text: string) => unknown };

/** Elements of a wide tensor for JSON, all as numbers. */
export const wideToNumbers = (elements: readonly unknown[]): unknown[] =>
  elements.map((element) => (typeof element === 'string' ? rawJSON(element) : element));
