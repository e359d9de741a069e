import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compileTokenizer } from '../../src/tokenizer/compile/compile.ts';
import { Uncovered } from '../../src/tokenizer/compile/uncovered.ts';

const fixture = (name: string): Record<string, Record<string, unknown>> =>
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'fixtures', 'tokenizers', `${name}.json`), 'utf8')).tokenizer;
const compile = (name: string, more: object): Uint8Array =>
  compileTokenizer(Buffer.from(JSON.stringify({ ...fixture(name), ...more })));
const model = (name: string, more: object): object => ({ model: { ...fixture(name)['model'], ...more } });
const word = Object.entries(fixture('wordpiece')['model']?.['vocab'] as object).find(
  ([, id]) => id === 500,
)?.[0] as string;
const token = {
  id: 7,
  content: word,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: true,
  special: false,
};

it.each([
  ['a normalizer ByteLevel', 'wordpiece', { normalizer: { type: 'ByteLevel' } }],
  ['a normalizer constructor', 'wordpiece', { normalizer: { type: 'constructor' } }],
  ['a normalizer that is no object', 'wordpiece', { normalizer: 'NFC' }],
  [
    'a normalizer Replace by the regular expression "a|b"',
    'wordpiece',
    { normalizer: { type: 'Replace', pattern: { Regex: 'a|b' }, content: '' } },
  ],
  [
    'a normalizer Replace of nothing',
    'wordpiece',
    { normalizer: { type: 'Replace', pattern: { String: '' }, content: 'x' } },
  ],
  ['a broken precompiled_charsmap', 'wordpiece', { normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAA' } }],
  ['a pre-tokenizer FixedLength', 'wordpiece', { pre_tokenizer: { type: 'FixedLength', length: 5 } }],
  [
    'a pre-tokenizer Split by the regular expression "a(?=b)"',
    'wordpiece',
    { pre_tokenizer: { type: 'Split', pattern: { Regex: 'a(?=b)' }, behavior: 'Isolated' } },
  ],
  [
    'a pre-tokenizer with the behavior Halved',
    'wordpiece',
    { pre_tokenizer: { type: 'Split', pattern: { String: 'a' }, behavior: 'Halved' } },
  ],
  [
    'a pre-tokenizer Metaspace with prepend_scheme twice',
    'wordpiece',
    { pre_tokenizer: { type: 'Metaspace', prepend_scheme: 'twice' } },
  ],
  ['a model Other', 'wordpiece', { model: { type: 'Other' } }],
  ['a model BPE with dropout', 'bpe-gpt2', model('bpe-gpt2', { dropout: 0.1 })],
  ['a model BPE without merges', 'bpe-gpt2', { model: { type: 'BPE', vocab: {} } }],
  ['the merge "zz qq" of what is no word', 'bpe-gpt2', model('bpe-gpt2', { merges: ['zz qq'] })],
  ['the token "[NO]" for what is unknown, which is no word', 'wordpiece', model('wordpiece', { unk_token: '[NO]' })],
  ['the id -1 of "x"', 'wordpiece', model('wordpiece', { vocab: { x: -1 } })],
  [
    'byte_fallback with tokens for some bytes alone',
    'bpe-gpt2',
    model('bpe-gpt2', { byte_fallback: true, vocab: { '<0x00>': 0 }, merges: [] }),
  ],
  ['a model Unigram with a piece that has no score', 'unigram', model('unigram', { vocab: [['a']] })],
  ['a post-processor Other', 'wordpiece', { post_processor: { type: 'Other' } }],
  [
    'the special token [CLS] of a template that is no object',
    'wordpiece',
    { post_processor: { ...fixture('wordpiece')['post_processor'], special_tokens: {} } },
  ],
  ['truncation with the strategy Middle', 'wordpiece', { truncation: { strategy: 'Middle', max_length: 3 } }],
  ['lowercase that is no boolean', 'wordpiece', { normalizer: { type: 'BertNormalizer', lowercase: 'yes' } }],
  [`the added token ${JSON.stringify(word)} with id 7, which is 500 as a word`, 'wordpiece', { added_tokens: [token] }],
])('says that it does not compile %s', (message, name, more) => {
  expect(() => compile(name, more)).toThrow(Uncovered);
  expect(() => compile(name, more)).toThrow(message);
});
