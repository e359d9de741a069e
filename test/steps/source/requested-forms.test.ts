import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/log.ts';
import type { ModelSource } from '../../../src/steps/source/model-source.ts';
import { requestedForms } from '../../../src/steps/source/requested-forms.ts';
import { contextIn } from '../../gate/context.ts';

const root = mkdtempSync(join(tmpdir(), 'coldgate-wished-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const repository = join(import.meta.dirname, '..', '..', '..');
mkdirSync(join(root, 'node_modules'));
symlinkSync(join(repository, 'node_modules', 'onnxruntime-node'), join(root, 'node_modules', 'onnxruntime-node'));
const handlerDir = join(root, 'dist', 'handler');
mkdirSync(handlerDir, { recursive: true });

const source = {
  entry: { name: 'digits', optimize: 'cold', formRequired: false },
  modelPath: '/models/digits.onnx',
  size: 1000,
  head: { conversions: [], leftOut: [] } as Partial<ModelSource['head']>,
} as ModelSource;

/** What a publish gets of an optimiser that says this. */
async function forms(script: string, of = source): Promise<{ made: unknown; warnings: string[] }> {
  writeFileSync(join(handlerDir, 'optimize.mjs'), script);
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  const context = { ...contextIn(root), log, handlerDir, cacheDir: join(root, 'cache') };
  const made = await requestedForms(of, '1.2.0', join(root, 'out'), context);
  return { made, warnings };
}
const failing = (code: string, exit = 3): string =>
  `console.log(${JSON.stringify(JSON.stringify({ error: { code, exit, message: 'It is otherwise.' } }))});`;

describe('a load-optimised form that a release asks for', () => {
  it('and that is refused is left out with a warning', async () => {
    expect(await forms(failing('parity'))).toEqual({
      made: [],
      warnings: ['digits 1.2.0 is published without its "cold" form, as the original alone: It is otherwise.'],
    });
  });

  it('and in whose making the runtime dies is left out as well', async () => {
    const { made, warnings } = await forms("process.kill(process.pid, 'SIGSEGV');");
    expect([made, warnings]).toEqual([[], [expect.stringContaining('SIGSEGV')]]);
  });

  it('and requires stops it, with the way to do without', async () => {
    const entry = { ...source.entry, formRequired: true };
    await expect(forms(failing('parity'), { ...source, entry })).rejects.toMatchObject({
      code: 'parity',
      exit: 3,
      hint: expect.stringContaining('models.digits.optimize to cold'),
    });
    const answer = JSON.stringify({ result: { artifacts: [{ entry: {}, source: 'x' }] } });
    const { made } = await forms(`console.log(${JSON.stringify(answer)});`, { ...source, entry });
    expect(made).toEqual([{ entry: {}, source: 'x', required: true }]);
  });

  it('is a steady one where the model is too large for the format of the cold one', async () => {
    const answer = '{ result: { artifacts: [{ source: JSON.parse(String(job)).kind }] } }';
    const output = `process.stdin.once('data', (job) => console.log(JSON.stringify(${answer})));`;
    const madeOf = async (size: number) => (await forms(output, { ...source, size })).made;
    expect(await madeOf(2 ** 31)).toMatchObject([{ source: 'steady' }]);
    expect(await madeOf(2 ** 30)).toMatchObject([{ source: 'cold' }]);
  });

  it('does not hide what is wrong with the model', async () => {
    await expect(forms(failing('model-unusable'))).rejects.toMatchObject({ code: 'model-unusable' });
  });
});
