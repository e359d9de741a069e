import { Class } from '../encode/classes.ts';
import type { ScannerName } from '../encode/scan.ts';
import type { Behavior, Pattern, SplitStep } from '../encode/split.ts';
import { literal } from './normalizers.ts';
import { codePoints, field, type Json, object, Uncovered } from './uncovered.ts';

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const ends = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`;
const cl100k = (digits: string): string =>
  String.raw`${contractions}|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|${ends}`;
const o200kLead = String.raw`[^\r\n\p{L}\p{N}]?`;
const upper = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const lower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;

/** The expressions that published tokenizers have, by their exact text. */
const expressions: Record<string, ScannerName> = {
  [String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`]: 'gpt2',
  [cl100k(String.raw`\p{N}{1,3}`)]: 'cl100k',
  [cl100k(String.raw`\p{N}`)]: 'qwen',
  [[
    `${o200kLead}${upper}*${lower}+${contractions}?`,
    `${o200kLead}${upper}+${lower}*${contractions}?`,
    String.raw`\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${ends}`,
  ].join('|')]: 'o200k',
  [String.raw`\p{N}{1,3}`]: 'threeDigits',
  '[一-龥぀-ゟ゠-ヿ]+': 'chineseJapanese',
  [[
    '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+',
    '[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+',
    ' ?[\\p{P}\\p{S}]+[\r\n]*',
    ends.replace('[\\r\\n]', '[\r\n]'),
  ].join('|')]: 'deepseek',
};

const behaviors: Record<string, Behavior> = {
  Removed: 'removed',
  Isolated: 'isolated',
  MergedWithPrevious: 'previous',
  MergedWithNext: 'next',
  Contiguous: 'contiguous',
};

function behavior(json: Json): Behavior {
  const name = String(json['behavior']);
  // Older files write them in lower case.
  const found = Object.entries(behaviors).find(([known]) => known.toLowerCase() === name.toLowerCase());
  if (!found) throw new Uncovered(`a pre-tokenizer with the behavior ${name}`);
  return found[1];
}

const byClass = (bits: number, how: Behavior, run = false): SplitStep => ({
  do: 'split',
  pattern: { is: 'class', bits, ...(run && { run }) },
  behavior: how,
});

function pattern(json: Json): Pattern {
  const value = object(json['pattern'], 'a pre-tokenizer Split');
  const expression = value['Regex'];
  if (typeof expression !== 'string') {
    const { points } = literal(value, 'a pre-tokenizer Split');
    if (points.length === 0) throw new Uncovered('a pre-tokenizer Split by nothing');
    return { is: 'text', points };
  }
  const name = Object.hasOwn(expressions, expression) ? expressions[expression] : undefined;
  if (name) return { is: 'scanner', name };
  if (expression === String.raw`\s+` || expression === String.raw`\s`)
    return { is: 'class', bits: Class.blank, ...(expression.endsWith('+') && { run: true }) };
  throw new Uncovered(`a pre-tokenizer Split by the regular expression ${JSON.stringify(expression)}`);
}

function bytes(json: Json): SplitStep[] {
  const prefix: SplitStep[] = field(json, 'add_prefix_space', 'boolean', true) ? [{ do: 'prefix' }] : [];
  const words: SplitStep[] = field(json, 'use_regex', 'boolean', true)
    ? [{ do: 'split', pattern: { is: 'scanner', name: 'gpt2' }, behavior: 'isolated' }]
    : [];
  return [...prefix, ...words, { do: 'bytes' }];
}

function metaspace(json: Json): SplitStep[] {
  const mark = codePoints(field(json, 'replacement', 'string', '▁'));
  if (mark.length !== 1) throw new Uncovered('a pre-tokenizer Metaspace with a mark of several characters');
  const scheme = field(json, 'prepend_scheme', 'string', json['add_prefix_space'] === false ? 'never' : 'always');
  if (scheme !== 'always' && scheme !== 'first' && scheme !== 'never')
    throw new Uncovered(`a pre-tokenizer Metaspace with prepend_scheme ${scheme}`);
  return [{ do: 'metaspace', point: mark[0] as number, scheme, split: field(json, 'split', 'boolean', true) }];
}

const known: Record<string, (json: Json) => SplitStep[]> = {
  BertPreTokenizer: () => [byClass(Class.space, 'removed'), byClass(Class.bertPunctuation, 'isolated')],
  WhitespaceSplit: () => [byClass(Class.space, 'removed')],
  Whitespace: () => [{ do: 'words' }],
  Punctuation: (json) => [byClass(Class.bertPunctuation, behavior({ behavior: 'Isolated', ...json }))],
  Digits: (json) => [
    byClass(Class.digit, field(json, 'individual_digits', 'boolean', false) ? 'isolated' : 'contiguous'),
  ],
  CharDelimiterSplit: (json) => {
    const points = codePoints(field(json, 'delimiter', 'string', ''));
    return [{ do: 'split', pattern: { is: 'text', points }, behavior: 'removed' }];
  },
  Split: (json) => {
    const invert = field(json, 'invert', 'boolean', false);
    return [{ do: 'split', pattern: pattern(json), behavior: behavior(json), ...(invert && { invert }) }];
  },
  ByteLevel: bytes,
  Metaspace: metaspace,
  Sequence: (json) => ((json['pretokenizers'] ?? []) as unknown[]).flatMap(compilePreTokenizer),
};

/** @param value of `pre_tokenizer` in tokenizer.json. @throws Uncovered */
export function compilePreTokenizer(value: unknown): SplitStep[] {
  if (value === null || value === undefined) return [];
  const json = object(value, 'a pre-tokenizer');
  const work = Object.hasOwn(known, String(json['type'])) ? known[String(json['type'])] : undefined;
  if (!work) throw new Uncovered(`a pre-tokenizer ${String(json['type'])}`);
  return work(json);
}
