import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/types.ts';
import { exitCodes, InputError } from '../../src/errors.ts';
import { tinyModel } from '../fixtures/onnx.ts';

export interface TargetFileText {
  /** Lines of the target. */
  target: readonly string[];
  store: string;
  model?: string | undefined;
  environment?: string | undefined;
}

export interface FoundProblem {
  path: string;
  line: number | undefined;
  message: string;
}

/** A models.yaml with one environment and one model, whose target is of interest: its lines begin at line 6. */
export class TargetFile {
  readonly #folder = mkdtempSync(join(tmpdir(), 'coldgate-target-'));

  constructor() {
    mkdirSync(join(this.#folder, 'models'));
    writeFileSync(join(this.#folder, 'models/digits.onnx'), tinyModel());
  }

  load({ target, store, model = 'digits', environment = 'production' }: TargetFileText): Promise<Config> {
    const text = `schema: 1
environments:
  ${environment}:
    store: ${store}
    target:
${target.map((line) => `      ${line}\n`).join('')}models:
  ${model}:
    version: 1.0.0
    files: { model.onnx: models/digits.onnx }
`;
    const file = join(this.#folder, 'models.yaml');
    writeFileSync(file, text);
    return loadConfig(file, {});
  }

  /** What is wrong with it, paths from the target on; it has to be wrong. */
  async problems(text: TargetFileText): Promise<FoundProblem[]> {
    const error = await this.load(text).catch((e: unknown) => e);
    if (!(error instanceof InputError)) throw error ?? new Error('nothing was found wrong');
    expect([error.code, error.exit]).toEqual(['bad-config', exitCodes.usage]);
    return error.problems.map(({ path, line, message, hint, file }) => {
      expect(file).toMatch(/models\.yaml$/);
      expect(hint ?? '').not.toMatch(/undefined|\[object/);
      return { path: path.replace('environments.production.target.', ''), line, message };
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
