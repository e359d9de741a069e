import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileTokenizer } from '../../src/tokenizer/compile/compile.ts';
import { compileTruncation } from '../../src/tokenizer/compile/post-processors.ts';
import { type Encoding, TruncationError } from '../../src/tokenizer/encode/template.ts';
import { Tokenizer } from '../../src/tokenizer/encode/tokenizer.ts';

const folder = join(import.meta.dirname, '..', 'fixtures', 'tokenizers');

/** What the reference implementation made of a text; scripts/tokenizer/fixtures.py wrote it down. */
interface Case {
  text: string;
  pair?: string;
  max?: number;
  strategy?: string;
  direction?: 'left' | 'right';
  refused?: true;
  ids: number[];
  types: number[];
  special: number[];
  /** Two numbers a token, in UTF-16 units. */
  ranges: number[];
}

const plain = ({ ids, types, special, from, to }: Encoding): Omit<Case, 'text'> => ({
  ids: [...ids],
  types: [...types],
  special: [...special],
  ranges: [...from].flatMap((begin, at) => [begin, to[at] as number]),
});

describe.each(readdirSync(folder))('the compiled tokenizer of %s', (name) => {
  const { tokenizer: source, cases } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
    tokenizer: object;
    cases: Case[];
  };
  const bytes = compileTokenizer(Buffer.from(JSON.stringify(source)));
  const tokenizer = new Tokenizer(bytes);
  const strategies: Record<string, string> = {
    longest_first: 'LongestFirst',
    only_first: 'OnlyFirst',
    only_second: 'OnlySecond',
  };

  it('encodes texts as the reference does: ids, types, marks of special tokens, ranges', () => {
    const texts = cases.filter(({ pair }) => pair === undefined);
    expect(texts.length).toBeGreaterThan(100);
    for (const { text, ...expected } of texts)
      expect({ text, ...plain(tokenizer.encode(text)) }).toEqual({ text, ...expected });
  });

  it('encodes and cuts pairs as the reference does', () => {
    const pairs = cases.filter(({ pair }) => pair !== undefined);
    expect(pairs.length).toBe(20);
    for (const { text, pair, max, strategy, direction, refused, ...expected } of pairs) {
      const truncation = {
        max_length: max,
        strategy: strategies[strategy as string],
        direction: direction === 'left' ? 'Left' : 'Right',
        stride: 0,
      };
      const cutting = new Tokenizer(bytes);
      Object.assign(cutting.about, { truncation: compileTruncation(truncation) });
      if (refused) expect(() => cutting.encode(text, pair)).toThrow(TruncationError);
      else expect({ text, pair, ...plain(cutting.encode(text, pair)) }).toEqual({ text, pair, ...expected });
    }
  });

  it('gives the same for a text again, whatever came between', () => {
    const text = 'Hello, world! naïve 北京 ﬁne';
    const before = plain(tokenizer.encode(text));
    tokenizer.encode('x'.repeat(5000));
    tokenizer.encode('');
    expect(plain(tokenizer.encode(text))).toEqual(before);
  });
});

describe('what a caller asks for', () => {
  const { tokenizer: source } = JSON.parse(readFileSync(join(folder, 'wordpiece.json'), 'utf8')) as {
    tokenizer: object;
  };
  const tokenizer = new Tokenizer(compileTokenizer(Buffer.from(JSON.stringify(source))));
  const ids = (...given: Parameters<Tokenizer['encode']>): number[] => [...tokenizer.encode(...given).ids];

  it('leaves the tokens of the template out', () => {
    expect(ids('the', undefined, { addSpecial: false })).toEqual(ids('the').slice(1, -1));
  });

  it('takes special tokens in the text of a stranger for text', () => {
    const [cls, sep, mask] = [1, 2, 4];
    expect(ids('[MASK]')).toEqual([cls, mask, sep]);
    expect(ids('[MASK]', undefined, { specialInText: false })).not.toContain(mask);
  });

  it('cuts to a number of tokens, those of the template included', () => {
    const whole = ids('the quick brown fox');
    expect(ids('the quick brown fox', undefined, { maxTokens: 4 })).toEqual([...whole.slice(0, 3), whole.at(-1)]);
    expect(ids('the quick brown fox', undefined, { maxTokens: 1 })).toEqual([1, 2]);
  });
});
