import type { NormalizerStep } from '../encode/normalize.ts';
import { codePoints, field, isObject, type Json, object, Uncovered } from './uncovered.ts';
import { members, replacements } from './unicode-tables.ts';

/** A map of code points before it is laid out in pages. */
export type PointMap = Map<number, number[]>;

/** The steps of a normalizer; their maps are numbered as they stand in `maps`. */
export interface CompiledNormalizer {
  steps: NormalizerStep[];
  maps: PointMap[];
  charsmap?: { trie: Uint32Array; texts: Uint8Array };
}

const removed = (points: number[]): PointMap => new Map(points.map((point) => [point, []]));

/** What two maps do one after the other. */
function after(first: PointMap, second: PointMap): PointMap {
  const both = new Map(second);
  for (const [point, points] of first)
    both.set(
      point,
      points.flatMap((one) => second.get(one) ?? [one]),
    );
  return both;
}

class Steps {
  readonly compiled: CompiledNormalizer = { steps: [], maps: [] };

  /** Maps that follow one another are one. */
  map(map: PointMap, hangul = false): void {
    const { steps, maps } = this.compiled;
    const last = steps.at(-1);
    if (last?.do === 'map' && !last.hangul && !hangul) {
      maps[last.map] = after(maps[last.map] as PointMap, map);
      return;
    }
    // What is put before a decomposition touches no Hangul, and may be one map with it.
    if (last?.do === 'map' && !last.hangul) {
      maps[last.map] = after(maps[last.map] as PointMap, map);
      last.hangul = true;
      return;
    }
    maps.push(map);
    steps.push({ do: 'map', map: maps.length - 1, ...(hangul && { hangul }) });
  }

  decompose(name: 'nfd' | 'nfkd'): void {
    this.map(replacements(name), true);
    this.compiled.steps.push({ do: 'order' });
  }
}

function bert(json: Json, steps: Steps): void {
  const lowercase = field(json, 'lowercase', 'boolean', true);
  const strips = isObject(json) && typeof json['strip_accents'] === 'boolean' ? json['strip_accents'] : lowercase;
  if (field(json, 'clean_text', 'boolean', true)) {
    steps.map(removed(members('bertRemoved')));
    steps.map(new Map(members('bertSpaces').map((point) => [point, [32]])));
  }
  if (field(json, 'handle_chinese_chars', 'boolean', true))
    steps.map(new Map(members('bertWide').map((point) => [point, [32, point, 32]])));
  if (strips) {
    steps.decompose('nfd');
    steps.map(removed(members('bertAccents')));
  }
  if (lowercase) steps.map(replacements('lower'));
}

/** A pattern of text, or the one regular expression that published tokenizers have here: ` {2,}`. */
export function literal(pattern: unknown, what: string): { points: number[]; least?: number } {
  const json = object(pattern, what);
  if (typeof json['String'] === 'string') return { points: codePoints(json['String']) };
  const run = /^(.)\{(\d),\}$/su.exec(String(json['Regex']));
  if (run && !'.^$|()[]*+?{}\\'.includes(run[1] as string))
    return { points: codePoints(run[1] as string), least: Number(run[2]) };
  throw new Uncovered(`${what} by the regular expression ${JSON.stringify(json['Regex'])}`);
}

function replace(json: Json, steps: Steps): void {
  const { points, least } = literal(json['pattern'], 'a normalizer Replace');
  if (points.length === 0 || least === 0) throw new Uncovered('a normalizer Replace of nothing');
  const content = codePoints(field(json, 'content', 'string', ''));
  steps.compiled.steps.push({ do: 'replace', pattern: points, content, ...(least !== undefined && { least }) });
}

/** Bytes of the trie, the trie, replacements: https://github.com/google/sentencepiece, normalizer.cc. */
function precompiled(json: Json, { compiled }: Steps): void {
  if (compiled.charsmap) throw new Uncovered('several normalizers Precompiled');
  const bytes = Buffer.from(field(json, 'precompiled_charsmap', 'string', ''), 'base64');
  // An empty map changes nothing.
  if (bytes.byteLength === 0) return;
  const size = bytes.byteLength < 4 ? -1 : bytes.readUInt32LE(0);
  if (size < 4 || size % 4 !== 0 || size + 4 > bytes.byteLength) throw new Uncovered('a broken precompiled_charsmap');
  const trie = Uint32Array.from({ length: size / 4 }, (_, at) => bytes.readUInt32LE(4 + at * 4));
  compiled.charsmap = { trie, texts: Uint8Array.from(bytes.subarray(4 + size)) };
  compiled.steps.push({ do: 'precompiled', prepends: members('prepends') });
}

const known: Record<string, (json: Json, steps: Steps) => void> = {
  BertNormalizer: bert,
  NFD: (_json, steps) => steps.decompose('nfd'),
  NFKD: (_json, steps) => steps.decompose('nfkd'),
  NFC: (_json, steps) => {
    steps.decompose('nfd');
    steps.compiled.steps.push({ do: 'compose' });
  },
  NFKC: (_json, steps) => {
    steps.decompose('nfkd');
    steps.compiled.steps.push({ do: 'compose' });
  },
  Lowercase: (_json, steps) => steps.map(replacements('lower')),
  StripAccents: (_json, steps) => steps.map(removed(members('accents'))),
  Nmt: (_json, steps) => steps.map(replacements('nmt')),
  Strip: (json, steps) => {
    const [left, right] = [field(json, 'strip_left', 'boolean', true), field(json, 'strip_right', 'boolean', true)];
    steps.compiled.steps.push({ do: 'strip', left, right });
  },
  Prepend: (json, steps) => {
    steps.compiled.steps.push({ do: 'prepend', points: codePoints(field(json, 'prepend', 'string', '')) });
  },
  Replace: replace,
  Precompiled: precompiled,
  Sequence: (json, steps) => {
    for (const one of (json['normalizers'] ?? []) as unknown[]) add(one, steps);
  },
};

function add(value: unknown, steps: Steps): void {
  const json = object(value, 'a normalizer');
  const work = Object.hasOwn(known, String(json['type'])) ? known[String(json['type'])] : undefined;
  if (!work) throw new Uncovered(`a normalizer ${String(json['type'])}`);
  work(json, steps);
}

/** @param value of `normalizer` in tokenizer.json. @throws Uncovered */
export function compileNormalizer(value: unknown): CompiledNormalizer {
  const steps = new Steps();
  if (value !== null && value !== undefined) add(value, steps);
  return steps.compiled;
}
