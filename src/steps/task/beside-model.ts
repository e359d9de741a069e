import { lstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { Config, ModelEntry } from '../../config/types.ts';
import { InputError } from '../../errors.ts';
import { decodeJson, JsonTextError, parseJson } from '../../model/json-text.ts';

export type Json = Record<string, unknown>;

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Finds the files that exporters put beside a model: in its folder, or above the folder `onnx`, where
 * https://huggingface.co/docs/optimum keeps models. Links are not followed, and the repository is not left.
 */
export class BesideModel {
  readonly #config: Config;
  readonly #entry: ModelEntry;

  constructor(config: Config, entry: ModelEntry) {
    this.#config = config;
    this.#entry = entry;
  }

  /** Absolute path of a file of the version, or beside the model. */
  find(name: string): string | undefined {
    const listed = this.#entry.files.find(({ path }) => path === name);
    if (listed) return listed.source;
    const { files, model } = this.#entry;
    const folder = dirname(files.find(({ path }) => path === model)?.source ?? '');
    const folders = basename(folder) === 'onnx' ? [folder, dirname(folder)] : [folder];
    return folders
      .filter((one) => !relative(this.#config.root, one).startsWith('..'))
      .map((one) => join(one, name))
      .find((path) => lstatSync(path, { throwIfNoEntry: false })?.isFile());
  }

  label(path: string): string {
    return relative(this.#config.root, path);
  }

  /** What a file holds, as JSON; undefined where there is none. Throws InputError `bad-task` where it is no JSON. */
  async json(name: string): Promise<unknown> {
    const path = this.find(name);
    if (path === undefined) return undefined;
    try {
      return parseJson(decodeJson(await readFile(path)));
    } catch (cause) {
      if (!(cause instanceof JsonTextError)) throw cause;
      const { message, line, hint } = cause;
      throw new InputError([{ path: '', file: this.label(path), line, message: `${message}.`, hint }], {
        code: 'bad-task',
        cause,
      });
    }
  }

  /** The same for a file that holds an object; an empty one where there is none. */
  async object(name: string): Promise<Json> {
    const json = await this.json(name);
    return isRecord(json) ? json : {};
  }
}

/** A number of tokens that means something: tokenizers without a limit say 10^30. */
export const sensibleCount = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 4 && (value as number) <= 131_072 ? (value as number) : undefined;
