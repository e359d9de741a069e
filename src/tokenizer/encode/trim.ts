import type { Tokens } from './tokens.ts';

/** For each id, how many spaces its token begins and ends with: two bytes. */
export type SpacesOfTokens = Uint8Array;

/** The place so many code points further on or back. */
function moved(text: string, at: number, count: number): number {
  let place = at;
  for (let left = count; left > 0 && place < text.length; left -= 1)
    place += (text.codePointAt(place) as number) > 0xffff ? 2 : 1;
  for (let left = count; left < 0 && place > 0; left += 1)
    place -= place > 1 && (text.codePointAt(place - 2) as number) > 0xffff ? 2 : 1;
  return place;
}

/**
 * Takes spaces at the ends of tokens out of their ranges, by how the tokens are spelled: as the reference does, even where
 * the space was put there by the tokenizer itself. One at the very beginning stays where it always puts one.
 */
export function trimRanges(text: string, tokens: Tokens, spaces: SpacesOfTokens, prefix: boolean): void {
  for (let at = 0; at < tokens.length; at += 1) {
    const id = tokens.ids[at]!;
    let leading = spaces[id * 2] ?? 0;
    const trailing = spaces[id * 2 + 1] ?? 0;
    let [from, to] = [tokens.from[at]!, tokens.to[at]!];
    if (leading === 1 && prefix && (at === 0 || from === 0)) leading = 0;
    from = Math.min(moved(text, from, leading), to);
    if (trailing > 0) to = Math.max(moved(text, to, -trailing), from);
    tokens.from[at] = from;
    tokens.to[at] = to;
  }
}
