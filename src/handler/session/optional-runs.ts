import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toLoadError } from '../model/load-error.ts';
import { uniqueId } from '../unique-id.ts';
import { defaultName, overridableModel } from './overridable-model.ts';
import { RunError } from './run-error.ts';
import type { Session, Tensors } from './session.ts';

export interface OptionalRunsOptions {
  /** The model as published. */
  path(): Promise<string>;
  /** Where models for a moment are written; by default beside it, where files that it refers to lie. */
  folder?: string;
  /** Its optional inputs, all of them. */
  names: readonly string[];
  /** Opens a model as published. */
  open(path: string): Promise<Session>;
}

/**
 * Runs that give optional inputs. They have a separate session, in which those are required: opened with the first such
 * run, so that other requests do not pay for it. Inputs that a run leaves out get their defaults.
 */
export class OptionalRuns {
  readonly #options: OptionalRunsOptions;
  #opening: Promise<Session> | undefined;

  constructor(options: OptionalRunsOptions) {
    this.#options = options;
  }

  /**
   * Throws RunError; LoadError where the session cannot be opened, and what broke it otherwise: the next run opens another
   * one then.
   */
  async run(feeds: Tensors, outputs?: readonly string[]): Promise<Tensors> {
    this.#opening ??= this.#open();
    const opening = this.#opening;
    let session: Session | undefined;
    try {
      session = await opening;
      return await session.run(feeds, outputs);
    } catch (error) {
      if (error instanceof RunError) throw error;
      if (this.#opening === opening) this.#opening = undefined;
      // It is broken already: an error on closing it adds nothing.
      await session?.close().catch(() => {});
      if (session) throw error;
      throw toLoadError(error, 'model-unusable', 'The model could not be loaded with its optional inputs');
    }
  }

  /** Nothing may be running. */
  async close(): Promise<void> {
    const session = await this.#opening?.catch(() => undefined);
    await session?.close();
  }

  async #open(): Promise<Session> {
    const { names } = this.#options;
    const path = await this.#options.path();
    const { model, defaults } = overridableModel(await readFile(path), names);
    const source = await this.#openPieces(path, defaults);
    const found = await source.run(new Map()).finally(() => source.close());
    const session = await this.#openPieces(path, model);
    void session.lost?.then(() => {
      this.#opening = undefined;
    });
    const given: Tensors = new Map();
    for (const [at, name] of names.entries()) {
      const tensor = found.get(defaultName(at));
      if (tensor) given.set(name, tensor);
    }
    return {
      ...session,
      run: (feeds, outputs) => session.run(new Map([...given, ...feeds]), outputs),
      close: () => session.close(),
    };
  }

  /** By way of a file beside the model, which is not needed once it is loaded. */
  async #openPieces(path: string, pieces: readonly Buffer[]): Promise<Session> {
    const file = join(this.#options.folder ?? dirname(path), `.${uniqueId()}.onnx`);
    try {
      await writeFile(file, pieces, { flag: 'wx', mode: 0o600 });
      return await this.#options.open(file);
    } finally {
      await rm(file, { force: true });
    }
  }
}
