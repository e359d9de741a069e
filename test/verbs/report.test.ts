import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleRecord, examples } from '../../bench/gate/example-record.ts';
import { encodeRecord } from '../../src/gate/record/record.ts';
import { run as decide } from '../../src/verbs/decide.ts';
import { run } from '../../src/verbs/report.ts';
import { steady } from '../gate/arms.ts';
import { contextIn } from '../gate/context.ts';

describe('coldgate report', () => {
  const record = exampleRecord(examples.regression);
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coldgate-report-'));
    await writeFile(join(folder, 'record.json'), encodeRecord(record));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ['terminal', /^BLOCK model_loaded_ms/],
    ['markdown', /^### /],
    ['svg', /^<svg /],
    ['json', /^\{/],
  ] as const)('renders a record as %s', async (format, begin) => {
    const result = await run({ file: 'record.json', format }, contextIn(folder));
    expect(result.text).toMatch(begin);
    expect(result.document).toMatchObject({ format, rendered: result.text });
    expect(result.failure).toBeUndefined();
  });

  it('gives the record back as it was stored', async () => {
    const { text } = await run({ file: 'record.json', format: 'json' }, contextIn(folder));
    expect(text).toBe(Buffer.from(encodeRecord(record)).toString('utf8'));
  });

  it('renders what coldgate decide printed', async () => {
    const samples = { candidate: [...steady(390, 9), 'timeout', null], baseline: steady(298, 11) };
    const { document } = await decide({ samples: '-', stdin: JSON.stringify(samples) }, contextIn(folder));
    const printed = JSON.stringify({ verb: 'decide', ok: false, exit: 4, ...document });
    const { text } = await run({ file: '-', stdin: printed }, contextIn(folder));
    expect(text).toContain(document['line']);
    expect(text).toContain('x timed out');
  });

  it.each([
    ['no JSON', 'nothing'],
    ['an empty object', '{}'],
    ['a document with another record', '{"record": 3}'],
  ])('refuses %s', async (_name, stdin) => {
    await expect(run({ file: '-', stdin }, contextIn(folder))).rejects.toMatchObject({ code: 'bad-record', exit: 2 });
  });
});
