import { pointCount } from '../encode/pages.ts';
import tables from './unicode.json' with { type: 'json' };

/** The release whose behaviour the tables are; scripts/tokenizer/unicode.py asks it for each code point. */
export const reference: string = tables.reference;

type Sets = {
  [Name in keyof typeof tables]: (typeof tables)[Name] extends number[] ? Name : never;
}[keyof typeof tables];
type SetName = Exclude<Sets, 'compositions'>;
type MapName = 'nfd' | 'nfkd' | 'lower' | 'nmt';

const pointsOf = (text: string): number[] => Array.from(text, (sign) => sign.codePointAt(0) as number);

/** The code points of a class. */
export function members(name: SetName): number[] {
  const points: number[] = [];
  const flat: number[] = tables[name];
  let last = 0;
  for (let at = 0; at < flat.length; at += 2) {
    const first = last + (flat[at] as number);
    last = first + (flat[at + 1] as number);
    for (let point = first; point < last; point += 1) points.push(point);
  }
  return points;
}

/** What becomes of each code point that becomes something else. Of NFKD that of NFD too; Hangul is left to arithmetic. */
export function replacements(name: MapName): Map<number, number[]> {
  const own = Object.entries(name === 'nfkd' ? { ...tables.nfd, ...tables.nfkd } : tables[name]);
  return new Map(own.map(([point, text]) => [Number.parseInt(point, 16), pointsOf(text)]));
}

/** Canonical combining classes, by code point. */
export function orders(): Uint16Array {
  const all = new Uint16Array(pointCount);
  for (const [point, order] of Object.entries(tables.order)) all[Number.parseInt(point, 16)] = order;
  return all;
}

/** Pairs and what they become: three numbers each. */
export const compositions: readonly number[] = tables.compositions;
