import type { ModelAbout } from '../encode/models.ts';
import { paged, pointCount } from '../encode/pages.ts';
import { mix } from '../encode/trie.ts';
import type { Section } from '../flat-file.ts';
import { buildTrie, type TrieEntry } from './build-trie.ts';
import { codePoints, field, type Json, object, Uncovered } from './uncovered.ts';

export interface CompiledModel {
  about: ModelAbout;
  sections: Record<string, Section>;
  /** Ids by the text of tokens. */
  vocabulary: ReadonlyMap<string, number>;
}

export function trieSections(name: string, entries: readonly TrieEntry[]): Record<string, Section> {
  const [parents, points, values] = buildTrie(entries);
  return { [`${name}.parents`]: parents, [`${name}.points`]: points, [`${name}.values`]: values };
}

const wordEntries = (vocabulary: ReadonlyMap<string, number>): TrieEntry[] =>
  Array.from(vocabulary, ([word, value]) => ({ points: codePoints(word), root: 0, value }));

function vocabularyOf(model: Json): Map<string, number> {
  const vocabulary = new Map<string, number>();
  for (const [word, id] of Object.entries(object(model['vocab'], 'a vocabulary'))) {
    if (!Number.isInteger(id) || (id as number) < 0) throw new Uncovered(`the id ${id} of ${JSON.stringify(word)}`);
    vocabulary.set(word, id as number);
  }
  return vocabulary;
}

function unknownOf(model: Json, vocabulary: ReadonlyMap<string, number>): number | undefined {
  const text = model['unk_token'];
  if (text === null || text === undefined) return undefined;
  const id = vocabulary.get(String(text));
  if (id === undefined) throw new Uncovered(`the token ${JSON.stringify(text)} for what is unknown, which is no word`);
  return id;
}

/** Ids of `<0x00>` to `<0xFF>`; undefined where byte fallback is off, or has no token. */
function byteIds(model: Json, vocabulary: ReadonlyMap<string, number>): number[] | undefined {
  if (!field(model, 'byte_fallback', 'boolean', false)) return undefined;
  const ids = Array.from({ length: 256 }, (_, byte) =>
    vocabulary.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
  );
  if (ids.every((id) => id === undefined)) return undefined;
  if (ids.includes(undefined)) throw new Uncovered('byte_fallback with tokens for some bytes alone');
  return ids as number[];
}

function wordPiece(model: Json): CompiledModel {
  const vocabulary = vocabularyOf(model);
  const prefix = field(model, 'continuing_subword_prefix', 'string', '##');
  const unknown = unknownOf({ unk_token: '[UNK]', ...model }, vocabulary);
  if (unknown === undefined) throw new Uncovered('a model WordPiece without a token for what is unknown');
  const entries = wordEntries(vocabulary);
  for (const [word, value] of vocabulary)
    if (word.startsWith(prefix)) entries.push({ points: codePoints(word.slice(prefix.length)), root: 1, value });
  const most = field(model, 'max_input_chars_per_word', 'number', 100);
  return { about: { kind: 'wordpiece', unknown, most }, sections: trieSections('words', entries), vocabulary };
}

function wordLevel(model: Json): CompiledModel {
  const vocabulary = vocabularyOf(model);
  const id = vocabulary.get(field(model, 'unk_token', 'string', '<unk>'));
  const about = { kind: 'wordlevel' as const, ...(id !== undefined && { unknown: id }) };
  return { about, sections: trieSections('words', wordEntries(vocabulary)), vocabulary };
}

/** [left, right, what they become], in the order of their ranks. */
function mergesOf(model: Json, vocabulary: ReadonlyMap<string, number>, prefix: string): Uint32Array[] {
  const merges = model['merges'];
  if (!Array.isArray(merges)) throw new Uncovered('a model BPE without merges');
  const arrays = [0, 1, 2].map(() => new Uint32Array(merges.length));
  for (const [rank, merge] of merges.entries()) {
    const [left, right, more] = Array.isArray(merge) ? merge : String(merge).split(' ');
    const joined = `${left}${String(right).startsWith(prefix) ? String(right).slice(prefix.length) : right}`;
    const ids = [left, right, joined].map((text) => vocabulary.get(String(text)));
    if (more !== undefined || ids.includes(undefined))
      throw new Uncovered(`the merge ${JSON.stringify(merge)} of what is no word`);
    for (const [index, id] of ids.entries()) (arrays[index] as Uint32Array)[rank] = id as number;
  }
  return arrays;
}

function mergeSections([left, right, becomes]: Uint32Array[]): Record<string, Section> {
  const [lefts, rights] = [left as Uint32Array, right as Uint32Array];
  const slots = new Uint32Array(2 ** Math.max(4, Math.ceil(Math.log2(lefts.length * 1.5 + 1))));
  const mask = slots.length - 1;
  for (let rank = 0; rank < lefts.length; rank += 1) {
    let slot = mix(lefts[rank] as number, rights[rank] as number) & mask;
    const isOther = (other: number): boolean => lefts[other] !== lefts[rank] || rights[other] !== rights[rank];
    while (slots[slot] !== 0 && isOther((slots[slot] as number) - 1)) slot = (slot + 1) & mask;
    // Of a pair that stands twice the later one counts, as in the reference.
    slots[slot] = rank + 1;
  }
  return {
    'merges.slots': slots,
    'merges.left': lefts,
    'merges.right': rights,
    'merges.becomes': becomes as Uint32Array,
  };
}

function bytePair(model: Json): CompiledModel {
  const vocabulary = vocabularyOf(model);
  const prefix = field(model, 'continuing_subword_prefix', 'string', '');
  const suffix = field(model, 'end_of_word_suffix', 'string', '');
  if (typeof model['dropout'] === 'number' && model['dropout'] > 0) throw new Uncovered('a model BPE with dropout');
  const bytes = byteIds(model, vocabulary);
  if (bytes && (prefix !== '' || suffix !== '')) throw new Uncovered('byte_fallback beside prefixes or suffixes');
  const affixes = (prefix === '' ? 0 : 1) | (suffix === '' ? 0 : 2);
  const sections = mergeSections(mergesOf(model, vocabulary, prefix));
  for (const kind of [0, 1, 2, 3].filter((bits) => (bits & affixes) === bits)) {
    const [before, behind] = [kind & 1 ? prefix : '', kind & 2 ? suffix : ''];
    const first = new Uint32Array(pointCount);
    for (const [word, id] of vocabulary) {
      if (!word.startsWith(before) || !word.endsWith(behind)) continue;
      const points = codePoints(word.slice(before.length, word.length - behind.length));
      if (points.length === 1) first[points[0] as number] = id + 1;
    }
    const { index, values } = paged(first);
    Object.assign(sections, { [`first${kind}.index`]: index, [`first${kind}.values`]: values });
  }
  const wholeWords = field(model, 'ignore_merges', 'boolean', false);
  if (wholeWords) Object.assign(sections, trieSections('words', wordEntries(vocabulary)));
  const unknown = unknownOf(model, vocabulary);
  const joinsUnknown = field(model, 'fuse_unk', 'boolean', false);
  const own = { ...(unknown !== undefined && { unknown }), ...(bytes && { bytes }) };
  return { about: { kind: 'bpe', joinsUnknown, wholeWords, affixes, ...own }, sections, vocabulary };
}

function unigram(model: Json): CompiledModel {
  const pieces = model['vocab'];
  if (!Array.isArray(pieces)) throw new Uncovered('a model Unigram without pieces');
  const isPiece = (piece: unknown): piece is [string, number] =>
    Array.isArray(piece) && typeof piece[0] === 'string' && typeof piece[1] === 'number';
  if (!pieces.every(isPiece)) throw new Uncovered('a model Unigram with a piece that has no score');
  const vocabulary = new Map(pieces.map(([word], id) => [word, id]));
  const scores = Float64Array.from(pieces, ([, score]) => score);
  const unknown = model['unk_id'] ?? undefined;
  if (unknown !== undefined && typeof unknown !== 'number') throw new Uncovered('a model Unigram with a wrong unk_id');
  const bytes = byteIds(model, vocabulary);
  // The reference takes 10 off the least of all scores: K_UNK_PENALTY.
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY) - 10;
  const own = { ...(unknown !== undefined && { unknown }), ...(bytes && { bytes }) };
  const sections = { ...trieSections('words', wordEntries(vocabulary)), scores };
  return { about: { kind: 'unigram', unknownScore, ...own }, sections, vocabulary };
}

const known: Record<string, (model: Json) => CompiledModel> = {
  WordPiece: wordPiece,
  WordLevel: wordLevel,
  BPE: bytePair,
  Unigram: unigram,
};

/** Files of before 2021 leave the type out. */
function typeOf(model: Json): string {
  if (typeof model['type'] === 'string') return model['type'];
  if (Array.isArray(model['merges'])) return 'BPE';
  if (Array.isArray(model['vocab'])) return 'Unigram';
  return 'continuing_subword_prefix' in model ? 'WordPiece' : 'WordLevel';
}

/** @param value of `model` in tokenizer.json. @throws Uncovered */
export function compileModel(value: unknown): CompiledModel {
  const model = object(value, 'a model');
  const type = typeOf(model);
  const work = Object.hasOwn(known, type) ? known[type] : undefined;
  if (!work) throw new Uncovered(`a model ${type}`);
  return work(model);
}
