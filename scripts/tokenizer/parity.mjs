/**
 * Holds compiled tokenizers to the reference implementation: ids, types, marks of special tokens and ranges of many hard
 * texts. Needs a Python with PyPI tokenizers.
 *
 *   node scripts/tokenizer/parity.mjs --python .venv/bin/python --texts 20000 --seed 1 path/to/tokenizer.json …
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compileTokenizer } from '../../src/tokenizer/compile/compile.ts';
import { Tokenizer } from '../../src/tokenizer/encode/tokenizer.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: 'python3' },
    texts: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
});

/** One list a text: ids, types, marks, ranges. */
function reference(path) {
  const script = join(import.meta.dirname, 'reference.py');
  const out = execFileSync(values.python, [script, path, values.seed, values.texts], { maxBuffer: 2 ** 31 - 1 });
  return out.toString('utf8').trimEnd().split('\n').map(JSON.parse);
}

const equal = (some, others) => some.length === others.length && some.every((one, at) => one === others[at]);

let differ = 0;
for (const path of positionals) {
  const tokenizer = new Tokenizer(compileTokenizer(readFileSync(path)));
  let [ids, ranges, count] = [0, 0, 0];
  for (const { text, ...expected } of reference(path)) {
    count += 1;
    const found = tokenizer.encode(text, undefined, { maxTokens: Number.MAX_SAFE_INTEGER });
    const same = ['ids', 'types', 'special'].every((name) => equal(expected[name], found[name]));
    const where = [...found.from].flatMap((from, at) => [from, found.to[at]]);
    if (!same) ids += 1;
    else if (!equal(expected.ranges, where)) ranges += 1;
    if (!same && ids < 4) console.log(JSON.stringify({ text, expected: expected.ids, found: [...found.ids] }));
  }
  differ += ids + ranges;
  console.log(`${path}: ${count} texts, ids of ${ids} and ranges of ${ranges} differ`);
}
process.exitCode = differ > 0 ? 1 : 0;
