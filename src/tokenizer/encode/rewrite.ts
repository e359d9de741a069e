import { type Pieces, Ranges, Text } from './text.ts';

/** The code points that stand for bytes: https://github.com/openai/gpt-2/blob/master/src/encoder.py, bytes_to_unicode. */
export const byteSigns: readonly number[] = (() => {
  const keeps = (byte: number): boolean => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    if (keeps(byte)) return byte;
    next += 1;
    return next - 1;
  });
})();

/** The bytes of a code point in UTF-8, each given to `take`. */
export function utf8(point: number, take: (byte: number) => void): void {
  if (point < 0x80) {
    take(point);
    return;
  }
  if (point < 0x800) take(0xc0 | (point >> 6));
  else {
    if (point < 0x10000) take(0xe0 | (point >> 12));
    else {
      take(0xf0 | (point >> 18));
      take(0x80 | ((point >> 12) & 63));
    }
    take(0x80 | ((point >> 6) & 63));
  }
  take(0x80 | (point & 63));
}

/** A step that rewrites the text: each piece apart, `write` with what comes of one. */
export function rewriting(
  write: (from: Text, begin: number, end: number, to: Text) => void,
): (pieces: Pieces) => Pieces {
  let [one, other] = [new Text(), new Text()];
  let [ranges, spare] = [new Ranges(), new Ranges()];
  return (pieces) => {
    [one, other] = [other, one];
    [ranges, spare] = [spare, ranges];
    one.clear();
    ranges.clear();
    for (let piece = 0; piece < pieces.ranges.length; piece += 1) {
      const begin = one.length;
      write(pieces.text, pieces.ranges.begins[piece]!, pieces.ranges.ends[piece]!, one);
      ranges.push(begin, one.length);
    }
    return { text: one, ranges };
  };
}

export function asBytes(text: Text, begin: number, end: number, to: Text): void {
  for (let at = begin; at < end; at += 1)
    utf8(text.points[at]!, (byte) => to.push(byteSigns[byte]!, text.from[at]!, text.to[at]!));
}

function copy(text: Text, begin: number, end: number, to: Text): void {
  for (let at = begin; at < end; at += 1) to.take(text, at);
}

export const prefixing = (text: Text, begin: number, end: number, to: Text): void => {
  if (text.points[begin] !== 32) to.push(32, text.from[begin]!, text.to[begin]!);
  copy(text, begin, end, to);
};

export function metaspace({ point, scheme }: { point: number; scheme: string }) {
  return (text: Text, begin: number, end: number, to: Text): void => {
    const first = text.points[begin]!;
    const wanted = scheme === 'always' || (scheme === 'first' && text.from[begin] === 0);
    if (wanted && first !== 32 && first !== point) to.push(point, text.from[begin]!, text.to[begin]!);
    for (let at = begin; at < end; at += 1)
      to.push(text.points[at] === 32 ? point : text.points[at]!, text.from[at]!, text.to[at]!);
  };
}
