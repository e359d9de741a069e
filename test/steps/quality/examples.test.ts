import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveQuality } from '../../../src/config/resolve-quality.ts';
import { qualitySchema } from '../../../src/config/schema/quality.ts';
import { type ColdgateError, InputError } from '../../../src/errors.ts';
import type { TensorInfo } from '../../../src/model/tensor-info.ts';
import { examplesNotes, readExamples } from '../../../src/steps/quality/examples.ts';
import { jsonLines, points } from '../../fixtures/classifier.ts';
import { badData } from './bad-data.ts';

const signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['n', 2] }] as TensorInfo[],
  outputs: [{ name: 'scores', dtype: 'float32', shape: ['n', 3] }] as TensorInfo[],
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coldgate-examples-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const { signal } = new AbortController();

/** Reads a file of examples with these settings. */
async function read(text: string | Buffer, settings: object = {}, model = signature, file = 'eval.jsonl') {
  writeFileSync(join(folder, file), text);
  const quality = resolveQuality(qualitySchema.parse({ data: file, ...settings }), folder);
  const entry = { name: 'digits', quality };
  const examples = await readExamples(entry, model, signal);
  return { ...examples, notes: examplesNotes(entry, examples) };
}

describe('examples that are refused', () => {
  it('are many', () => expect(badData.length).toBeGreaterThan(40));

  it.each(badData.map((one) => [one.name, one] as const))('%s', async (_name, { text, at, says, file, metric }) => {
    const error = await read(text, metric ? { metric } : {}, signature, file).catch((e: ColdgateError) => e);
    if (!(error instanceof Error)) throw new Error('nothing was found wrong');
    if (error instanceof InputError) {
      expect(error).toMatchObject({ exit: 2, code: 'bad-quality-data' });
      expect(error.problems.map(({ line, path }) => [line, path])).toEqual(at);
      expect(error.message.split('\n')).toHaveLength(at.length);
      for (const one of error.problems) expect(one.file).toBe(file ?? 'eval.jsonl');
    } else expect(error).toMatchObject({ code: 'not-the-file' });
    const whole = `${error.message} ${(error as ColdgateError).hint ?? ''}`;
    if (says) expect(whole).toMatch(says);
    expect(whole).not.toMatch(/secret|undefined|\[object/);
  });

  it('shows the first of very many problems, and says how many more there are', async () => {
    const error = await read('x\n'.repeat(5000)).catch((e: InputError) => e);
    expect((error as InputError).problems).toHaveLength(21);
    expect((error as InputError).message).toContain('has 4980 more problems');
  });

  it('names the outputs there are, and what has none', async () => {
    const line = '{"inputs": [[1, 2]], "expected": 0}';
    await expect(read(line, { output: 'score' })).rejects.toThrow(
      'models.digits.quality.output: expected one of the outputs scores',
    );
    const also = [{ metric: 'accuracy', output: 'y' }];
    await expect(read(line, { also })).rejects.toThrow('models.digits.quality.also[0].output');
    const classes = { ...signature, outputs: [{ name: 'label', dtype: 'int64', shape: ['n'] } as TensorInfo] };
    await expect(read(line, { metric: 'top-k' }, classes)).rejects.toThrow('an output of scores for top-k');
  });
});

describe('examples', () => {
  it('are read alike from JSON Lines and from CSV, a byte order mark and Windows line ends passed over', async () => {
    const items = points(30).map(({ inputs, ...one }) => ({
      ...one,
      inputs: [inputs[0]!.map((x) => Math.round(x * 1000) / 1000)],
    }));
    const lines = await read(`\uFEFF${jsonLines(items).replaceAll('\n', '\r\n')}`);
    const rows = items.map(({ id, inputs, expected }) => [id, ...inputs[0]!, expected].join(','));
    const table = await read(`\uFEFF${['id,a,b,expected', ...rows].join('\r\n')}`, {}, signature, 'eval.csv');
    expect(table.survey.digest()).toBe(lines.survey.digest());
    expect(table.survey.ids).toEqual(lines.survey.ids);
  });

  it('count once where they are repeated, and not at all where few of them contradict each other', async () => {
    const items = points(300);
    const again = items.slice(0, 3).map((item, at) => ({ ...item, id: `again-${at}` }));
    const torn = { ...items[9]!, id: 'torn', expected: (items[9]!.expected + 1) % 3 };
    const { survey } = await read(jsonLines([...items, ...again, torn]));
    expect(survey).toMatchObject({ repeated: 3, contradictory: 2 });
    expect(survey.ids).toHaveLength(299);
    expect(survey.ids).not.toContain(items[9]!.id);
    expect(survey.kept.filter(Boolean)).toHaveLength(299);
  });

  it('have a digest of what counts: of the first of them, without ids', async () => {
    const [all, some] = [await read(jsonLines(points(60))), await read(jsonLines(points(40)))];
    expect(all.survey.digest(40)).toBe(some.survey.digest());
    expect(all.survey.digest()).not.toBe(some.survey.digest());
    const renamed = points(40).map((item, at) => ({ ...item, id: at }));
    expect((await read(jsonLines(renamed))).survey.digest()).toBe(some.survey.digest());
  });

  it('give the cap of a metric of numbers: what the dullest guess loses', async () => {
    const labels = [1, 2, 3, 10, 4];
    const items = labels.map((expected, at) => ({ inputs: [[at, at]], expected }));
    expect((await read(jsonLines(items), { metric: 'mae' })).survey.dullest).toEqual([7]);
  });

  it('are said to be too few where they can prove nothing', async () => {
    expect((await read(jsonLines(points(112)))).notes[0]).toMatch(/113 are the fewest/);
    expect((await read(jsonLines(points(113)))).notes).toEqual([]);
  });
});
