import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { ColdgateError, InputError } from '../../src/errors.ts';
import { readSample } from '../../src/onnx/golden.ts';
import { readModelHead } from '../../src/onnx/read-head.ts';
import { goodFiles } from '../fixtures/bad-input.ts';
import { type BadInput, badInputs } from '../fixtures/bad-inputs.ts';
import { badValues } from '../fixtures/bad-values.ts';
import { layOut } from '../fixtures/lay-out.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coldgate-bad-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lay = (input: Parameters<typeof layOut>[1]) => layOut(folder, input);

/** What every verb that reads sources does first. */
async function readAll(env: Record<string, string>): Promise<void> {
  const config = await loadConfig(join(folder, 'models.yaml'), env);
  for (const entry of Object.values(config.models)) {
    const path = entry.files.find((file) => file.path === entry.model)?.source as string;
    const head = await readModelHead(path, relative(config.root, path));
    if (entry.sample) await readSample(entry.sample.source, head, relative(config.root, entry.sample.source));
  }
}

/** One line each: where, what was expected, what to do; nothing of our insides or of the engine's. */
function expectPlainWords(message: string): void {
  expect(message).not.toMatch(/\n\s*at |node_modules|undefined|\[object|TypeError|Invalid input/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
  expect(message).not.toMatch(/[\x00-\x1f]/);
}

describe('bad input', () => {
  it('is told from good input', async () => {
    lay({ files: goodFiles() });
    await expect(readAll({})).resolves.toBeUndefined();
  });

  it('has names of its own, and enough of them', () => {
    expect(new Set(badInputs.map((input) => input.name)).size).toBe(badInputs.length);
    expect(badInputs.length).toBeGreaterThan(100);
  });

  it.each([...badInputs, ...badValues].map((input): [string, BadInput] => [input.name, input]))(
    'is explained: %s',
    async (_name, input) => {
      lay(input);
      const error = await readAll(input.env ?? {}).catch((e: unknown) => e);
      if (!(error instanceof ColdgateError)) throw error ?? new Error('nothing was found wrong');
      expect([error.code, error.exit]).toEqual([input.code, input.exit]);
      if (error instanceof InputError) {
        const found = error.problems.map(({ path, file, line }) => ({
          path,
          file: file?.replace(`${folder}/`, ''),
          ...(line !== undefined && { line }),
        }));
        expect(found).toEqual(input.problems);
        for (const { message, hint } of error.problems) {
          expectPlainWords(`${message} ${hint ?? ''}`);
          expect(message).toMatch(/expected|is no known field|is there twice|is a setting of|is used with/);
        }
      } else {
        expect(error.hint).toMatch(/\w/);
        expectPlainWords(error.message);
        expect(error.message.startsWith(`${input.problems[0]?.file} `)).toBe(true);
      }
    },
  );
});
