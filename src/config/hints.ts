import coerce from 'semver/functions/coerce.js';
import parse from 'semver/functions/parse.js';
import { gateDefaults } from '../gate/rule/options.ts';
import { coreValue } from './core-value.ts';
import { modelsSchema } from './schema.ts';
import { type Path, plainValue, type YamlNode, type YamlScalar } from './yaml-node.ts';

/** A value to write in place of the present one, and the text of the hint. */
interface Cure {
  value: unknown;
  hint: string;
}

/** Each trial checks the whole file: enough for what a user corrects at one time. */
const maxTrials = 150;

/**
 * Hints that were tried: a change of one value is proposed only where the file, with it in place, has no problem at or
 * below that place any more. One for each file.
 */
export class Cures {
  readonly #plain: unknown;
  readonly #stillWrong: (changed: unknown) => ReadonlySet<string>;
  #left = maxTrials;

  /** @param pathsOf places at which the checked value is wrong, in the form of `JSON.stringify(path)` */
  constructor(root: YamlNode, pathsOf: (changed: unknown) => ReadonlySet<string>) {
    this.#plain = plainValue(root);
    this.#stillWrong = pathsOf;
  }

  /** What to write at the path instead; undefined where nothing that we know of helps. */
  hintFor(path: Path, node: YamlScalar): string | undefined {
    for (const { value, hint } of curesOf(path, node)) {
      if (this.#left <= 0) return undefined;
      this.#left -= 1;
      const wrong = [...this.#stillWrong(withValue(this.#plain, path, value))];
      const place = JSON.stringify(path).slice(0, -1);
      if (!wrong.some((one) => one === `${place}]` || one.startsWith(`${place},`))) return hint;
    }
    return undefined;
  }
}

/** The same data with another value at the path. */
function withValue(data: unknown, [part, ...rest]: Path, value: unknown): unknown {
  if (part === undefined) return value;
  if (Array.isArray(data)) return data.map((item, at) => (at === part ? withValue(item, rest, value) : item));
  if (typeof data !== 'object' || data === null) return data;
  return { ...data, [part]: withValue(Reflect.get(data, part), rest, value) };
}

const write = (value: unknown): Cure => ({ value, hint: `Write ${String(value)}.` });

/** Corrections of common mistakes, most likely first; each is tried. */
function curesOf(path: Path, { value, written }: YamlScalar): Cure[] {
  const text = written.trim();
  const name = String(path.findLast((part) => typeof part === 'string') ?? '');
  const plain = coreValue(text);
  return [
    // A golden sample is a .json file, which no such value names.
    ...(typeof value === 'string' || name === 'sample' ? [] : [{ value: written, hint: 'Put it in quotes.' }]),
    ...(typeof value === 'string' && typeof plain !== 'string'
      ? [{ value: plain, hint: 'Write it without quotes.' }]
      : []),
    ...versions(text).map((version) => ({ value: version, hint: `Write three numbers: ${version}.` })),
    ...numbers(text, name).map(write),
    ...shares(text, name).map(write),
    ...(/^(?:yes|on|y|true)$/i.test(text) ? [write(true)] : []),
    ...(/^(?:no|off|n|false)$/i.test(text) ? [write(false)] : []),
    ...(text === text.toLowerCase() ? [] : [write(text.toLowerCase())]),
    ...(text === written ? [] : [write(text)]),
    ...origins(text).map(write),
    ...[written, ...origins(text)].map((one) => ({ value: [one], hint: `Write it as a list: [${one.slice(0, 60)}].` })),
  ];
}

/** The origin of a URL that has a path, or a slash at its end. */
function origins(text: string): string[] {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return [];
  return [new URL(text).origin];
}

/** `1.0`, `v1.2.3`, `1.0.0+build` and dates as the semantic version that was meant. */
function versions(text: string): string[] {
  if (!/^v?\d/.test(text) || text.length > 60) return [];
  const bare = text.replace(/^v/, '').replace(/^(\d{4})-(\d{1,2})-(\d{1,2})$/, '$1.$2.$3');
  // Numbers of a version have no zeros before them.
  const known = bare.replaceAll('_', '.').replace(/(?<![\w-])0+(?=\d)/g, '');
  const [exact, near] = [parse(known)?.version, coerce(known)?.version];
  return [exact, near].filter((found) => found !== undefined);
}

/** What one of a unit is in the field's own, by the end of the field's name. */
const units: readonly (readonly [field: RegExp, factors: Readonly<Record<string, number>>])[] = [
  [/-ms$/, { ms: 1, s: 1000, m: 60_000 }],
  [/seconds$|^timeout$/, { ms: 0.001, s: 1, m: 60, h: 3600 }],
  [/-kb$/, { k: 1, kb: 1, kib: 1, m: 1024, mb: 1024, mib: 1024 }],
  [/memory|storage/, { m: 1, mb: 1, mib: 1, g: 1024, gb: 1024, gib: 1024 }],
  [/days$/, { d: 1, day: 1, days: 1 }],
];

/** `1_000`, `1,000`, `0,5`, `90s`, `2 GB`, `+5` and `0b11` as numbers of the field's unit. */
function numbers(text: string, name: string): number[] {
  const [, digits = '', unit = ''] = /^([+-]?[\d_.,' ]*\d)\s*([a-z]*)$/i.exec(text) ?? [];
  const factors = units.find(([field]) => field.test(name))?.[1] ?? {};
  const factor = unit === '' ? 1 : factors[unit.toLowerCase()];
  const whole = Number(digits.replace(/[_,' ]/g, ''));
  const decimal = Number(digits.replace(',', '.').replace(/[_' ]/g, ''));
  const scaled = factor === undefined || digits === '' ? [] : [decimal * factor, whole * factor];
  const coded = /^0[box][\da-f_]+$/i.test(text) ? [Number(text.replaceAll('_', ''))] : [];
  const thousands = /^\d{1,3}(?:[_,' ]\d{3})+$/.test(digits) ? scaled.reverse() : scaled;
  return [...new Set([...thousands, ...coded])].filter(Number.isFinite);
}

/** `5`, `5 %` and `7,5%` as a percentage; a tolerance only where it stays below the usual limit. */
function shares(text: string, name: string): string[] {
  const [, digits] = /^(\d{1,3}(?:[.,]\d{1,4})?)\s*%?$/.exec(text) ?? [];
  const share = digits?.replace(',', '.');
  const isOver = name === 'tolerance' && Number(share) >= gateDefaults.limit * 100;
  return share === undefined || isOver ? [] : [`${share}%`];
}

/** Whether and where a value is wrong by the schema alone. */
export const issuesOf = (value: unknown) => modelsSchema.safeParse(value).error?.issues ?? [];
