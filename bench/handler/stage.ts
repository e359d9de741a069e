import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Artifact, FormKind, Manifest } from '../../src/model/manifest.ts';
import { readModelHead } from '../../src/onnx/read-head.ts';
import { runInChild } from '../../src/optimize/run-in-child.ts';
import { addNativeFiles, FunctionProcess } from '../../test/handler/function-process.ts';
import { ModelStore } from '../../test/handler/model/model-store.ts';
import type { BenchModel } from './models.ts';

export type Form = FormKind | 'original';

const script = new URL('../../scripts/build-handler.mjs', import.meta.url).href;
const { buildHandler } = (await import(script)) as { buildHandler(options: { outdir: string }): Promise<void> };

/** The function of these sources with the runtime beside it, and a store of versions to start it on. */
export class Stage {
  readonly folder: string;
  readonly bundle: string;
  readonly store = new ModelStore();
  readonly #artifacts = new Map<string, { entry: Artifact; bytes: Uint8Array }[]>();

  private constructor(folder: string) {
    this.folder = folder;
    this.bundle = join(folder, 'function');
  }

  static async open(scratch: string): Promise<Stage> {
    mkdirSync(scratch, { recursive: true });
    const stage = new Stage(mkdtempSync(join(scratch, 'handler-')));
    await buildHandler({ outdir: stage.bundle });
    addNativeFiles(stage.bundle);
    return stage;
  }

  /** Publishes the model in one form and makes it live under the name; returns the name. */
  async publish(model: BenchModel, form: Form, version = '1.0.0'): Promise<string> {
    const name = `${form}-${model.label ?? model.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
    const manifest = await this.version(name, version, model, form);
    this.store.promote(manifest);
    return name;
  }

  async version(name: string, version: string, model: BenchModel, form: Form): Promise<Manifest> {
    const bytes = readFileSync(model.path);
    const head = await readModelHead(model.path);
    const artifacts = form === 'original' ? [] : await this.#form(model, form);
    const data = [...new Set(head.externalData.map(({ stated }) => stated.get('location') ?? ''))];
    return this.store.publish(name, version, {
      model: bytes,
      files: Object.fromEntries(data.map((path) => [path, readFileSync(join(dirname(model.path), path))])),
      ...(data.length > 0 && { externalData: data }),
      inputs: head.inputs,
      outputs: head.outputs,
      artifacts,
      sample: { inputs: model.feeds },
    });
  }

  async #form(model: BenchModel, kind: FormKind): Promise<{ entry: Artifact; bytes: Uint8Array }[]> {
    const key = `${kind} ${model.path}`;
    const known = this.#artifacts.get(key);
    if (known) return known;
    const out = mkdtempSync(join(this.folder, 'form-'));
    const entry = join(this.bundle, 'optimize.mjs');
    const made = await runInChild({ do: 'optimize', kind, model: model.path, out }, { entry });
    const artifacts = made.artifacts.map((one) => ({ entry: one.entry, bytes: readFileSync(one.source) }));
    this.#artifacts.set(key, artifacts);
    return artifacts;
  }

  /** A process of the function. Starts of one name share a cache, so from the second on the model is on the disk. */
  start(name: string, variables: Record<string, string> = {}): FunctionProcess {
    const env = { MODEL_PREFIX: this.store.root, MODEL_NAME: name, MODEL_CACHE: join(this.folder, 'cache', name) };
    return new FunctionProcess(this.bundle, { ORT_DISABLE_TELEMETRY: '1', ...env, ...variables });
  }

  remove(): void {
    this.store.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
