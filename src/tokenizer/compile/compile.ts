import { createHash } from 'node:crypto';
import type { AddedToken } from '../encode/added-tokens.ts';
import { Class } from '../encode/classes.ts';
import { Normalizer, packReplacement } from '../encode/normalize.ts';
import { Pages, paged, pointCount } from '../encode/pages.ts';
import { byteSigns } from '../encode/rewrite.ts';
import { Text } from '../encode/text.ts';
import type { TokenizerAbout } from '../encode/tokenizer.ts';
import { readFlat, type Section, writeFlat } from '../flat-file.ts';
import type { TrieEntry } from './build-trie.ts';
import { compileModel, trieSections } from './models.ts';
import { type CompiledNormalizer, compileNormalizer } from './normalizers.ts';
import { compilePadding, compilePostProcessor, compileTruncation } from './post-processors.ts';
import { compilePreTokenizer } from './pre-tokenizers.ts';
import { parseAsReference } from './reference-numbers.ts';
import { codePoints, field, object, Uncovered } from './uncovered.ts';
import { compositions, members, orders, reference } from './unicode-tables.ts';

const bySet = {
  L: Class.letter,
  N: Class.number,
  onigSpace: Class.blank,
  M: Class.mark | Class.upper | Class.lower,
  P: Class.punctuation,
  S: Class.symbol,
  Lu: Class.upper,
  Lt: Class.upper,
  Lm: Class.upper | Class.lower,
  Lo: Class.upper | Class.lower,
  Ll: Class.lower,
  space: Class.space,
  punctuation: Class.bertPunctuation,
  digit: Class.digit,
  word: Class.word,
  joins: Class.joins,
  joinsNothing: Class.joinsNothing,
} as const;

let classBits: Uint16Array | undefined;

/** The classes of each code point, made once; a copy, since added tokens mark their first characters. */
function classes(): Uint16Array {
  if (!classBits) {
    classBits = new Uint16Array(pointCount);
    for (const [name, bit] of Object.entries(bySet))
      for (const point of members(name as keyof typeof bySet)) classBits[point] = (classBits[point] as number) | bit;
  }
  return classBits.slice();
}

const pageSections = (
  name: string,
  { index, values }: { index: Section; values: Section },
): Record<string, Section> => ({
  [`${name}.index`]: index,
  [`${name}.values`]: values,
});

function normalizerSections({ steps, maps, charsmap }: CompiledNormalizer): Record<string, Section> {
  const sections: Record<string, Section> = {};
  if (charsmap) Object.assign(sections, { 'charsmap.trie': charsmap.trie, 'charsmap.texts': charsmap.texts });
  for (const [index, map] of maps.entries()) {
    const pool: number[] = [];
    const packed = new Uint32Array(pointCount);
    for (const [point, points] of map) {
      packed[point] = packReplacement(pool.length, points.length);
      pool.push(...points);
    }
    Object.assign(sections, pageSections(`map${index}`, paged(packed)));
    sections[`map${index}.pool`] = Uint32Array.from(pool);
  }
  if (steps.some((step) => step.do === 'order' || step.do === 'compose'))
    Object.assign(sections, pageSections('order', paged(orders())));
  if (steps.some((step) => step.do === 'compose')) {
    const pairs: TrieEntry[] = [];
    for (let at = 0; at < compositions.length; at += 3)
      pairs.push({ points: compositions.slice(at, at + 2), root: 0, value: compositions[at + 2] as number });
    Object.assign(sections, trieSections('pairs', pairs));
  }
  return sections;
}

interface Added {
  tokens: AddedToken[];
  entries: TrieEntry[];
}

/** What `added_tokens` says. A token that normalization changes is looked for as it stands afterwards. */
function addedTokens(
  value: unknown,
  vocabulary: ReadonlyMap<string, number>,
  normal: (text: string) => number[],
): Added {
  const added: Added = { tokens: [], entries: [] };
  for (const one of (value ?? []) as unknown[]) {
    const json = object(one, 'an added token');
    const content = field(json, 'content', 'string', '');
    if (content === '') continue;
    const id = field(json, 'id', 'number', -1);
    const known = vocabulary.get(content);
    if (known !== undefined && known !== id)
      throw new Uncovered(`the added token ${JSON.stringify(content)} with id ${id}, which is ${known} as a word`);
    const special = field(json, 'special', 'boolean', false);
    const normalized = field(json, 'normalized', 'boolean', !special);
    const points = normalized ? normal(content) : codePoints(content);
    added.entries.push({ points, root: normalized ? 1 : 0, value: added.tokens.length });
    added.tokens.push({
      id,
      content,
      singleWord: field(json, 'single_word', 'boolean', false),
      leftStrip: field(json, 'lstrip', 'boolean', false),
      rightStrip: field(json, 'rstrip', 'boolean', false),
      special,
    });
  }
  return added;
}

/** For each id, how many spaces, or signs that stand for one among bytes, its token begins and ends with. */
function spacesOfTokens(tokens: Iterable<[string, number]>): Uint8Array {
  const isSpace = new Set([...members('space'), byteSigns[32]]);
  const all = [...tokens];
  const spaces = new Uint8Array(2 * (1 + all.reduce((most, [, id]) => Math.max(most, id), 0)));
  for (const [token, id] of all) {
    const signs = codePoints(token).map((point) => isSpace.has(point));
    const leading = (list: boolean[]): number => {
      const other = list.indexOf(false);
      return Math.min(255, other < 0 ? list.length : other);
    };
    spaces[id * 2] = leading(signs);
    spaces[id * 2 + 1] = leading(signs.reverse());
  }
  return spaces;
}

/** Runs a compiled normalizer on text of the compiler itself. */
function normalizing({ steps }: CompiledNormalizer, sections: Record<string, Section>): (text: string) => number[] {
  const { index, values } = paged(classes());
  const bytes = writeFlat({}, sections);
  const normalizer = new Normalizer(steps, readFlat(bytes), new Pages(index, values));
  return (string) => {
    const text = new Text();
    text.read(string);
    const { points, length } = normalizer.run(text, 0, text.length);
    return Array.from(points.subarray(0, length));
  };
}

/**
 * Compiles a tokenizer.json to the flat file that the function reads.
 *
 * @param source bytes of tokenizer.json
 * @throws Uncovered where it asks for what the compiled form does not do; SyntaxError where it is no JSON
 */
export function compileTokenizer(source: Uint8Array): Uint8Array {
  const json = object(parseAsReference(Buffer.from(source).toString('utf8')), 'a tokenizer');
  const normalizer = compileNormalizer(json['normalizer']);
  const maps = normalizerSections(normalizer);
  const model = compileModel(json['model']);
  const added = addedTokens(json['added_tokens'], model.vocabulary, normalizing(normalizer, maps));
  const bits = classes();
  for (const { points, root } of added.entries) {
    const first = points[0] as number;
    bits[first] = (bits[first] as number) | (root === 0 ? Class.beginsRaw : Class.beginsNormalized);
  }
  const truncation = compileTruncation(json['truncation']);
  const padding = compilePadding(json['padding']);
  const about: TokenizerAbout = {
    reference,
    source: createHash('sha256').update(source).digest('hex'),
    normalizer: normalizer.steps,
    splits: compilePreTokenizer(json['pre_tokenizer']),
    model: model.about,
    added: added.tokens,
    post: compilePostProcessor(json['post_processor']),
    ...(truncation && { truncation }),
    ...(padding && { padding }),
  };
  const own = added.tokens.length > 0 ? trieSections('added', added.entries) : {};
  const words = [...model.vocabulary, ...added.tokens.map(({ content, id }): [string, number] => [content, id])];
  const spaces = about.post.trim ? { spaces: spacesOfTokens(words) } : {};
  return writeFlat(about, {
    ...pageSections('classes', paged(bits)),
    ...maps,
    ...model.sections,
    ...own,
    ...spaces,
  });
}
