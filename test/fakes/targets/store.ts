import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from '../../../src/model/digest.ts';
import { fileKey, manifestKey, pointerKey } from '../../../src/model/layout.ts';
import type { Manifest } from '../../../src/model/manifest.ts';
import { encodeJson, type Pointer } from '../../../src/model/pointer.ts';
import type { Sample } from '../../../src/model/sample.ts';
import type { TensorInfo } from '../../../src/model/tensor-info.ts';

export interface StoredVersion {
  version: string;
  sha256: string;
  sample: Sample;
}

/** A file store with one model, written as plain files in the documented layout. */
export class TargetStore {
  readonly root: string;
  readonly model: string;
  #sequence = 0;
  readonly #manifests = new Map<string, Manifest>();

  constructor(root: string, model: string) {
    this.root = root;
    this.model = model;
  }

  /** Publishes a version; `x` and `y` are its one input and one output. */
  add(version: string, bytes: Uint8Array, sample: Sample, shape: (number | string)[]): StoredVersion {
    const golden = encodeJson(sample);
    const info = (name: string): TensorInfo => ({ name, dtype: 'float32', shape });
    const files = Object.entries({ 'model.onnx': bytes, 'sample.json': golden });
    const manifest: Manifest = {
      schema: 1,
      name: this.model,
      version,
      files: files.map(([path, body]) => ({ path, sha256: sha256(body), size: body.byteLength })),
      framework: 'onnx',
      input: info('x'),
      created_at: '2026-01-01T00:00:00.000Z',
      model: 'model.onnx',
      inputs: [info('x')],
      outputs: [info('y')],
      opset: 13,
      ir_version: 8,
      producer: 'coldgate test',
      sample: 'sample.json',
      artifacts: [],
      source: {},
      coldgate: '0.0.0',
    };
    this.#manifests.set(version, manifest);
    for (const [path, body] of files) this.#write(fileKey(this.model, version, path), body);
    this.#write(manifestKey(this.model, version), encodeJson(manifest));
    return { version, sha256: sha256(bytes), sample };
  }

  /** Overwrites the model file behind the manifest's back. */
  corrupt(version: string, bytes: Uint8Array): void {
    this.#write(fileKey(this.model, version, 'model.onnx'), bytes);
  }

  /** Moves `current.json`. */
  point(version: string): void {
    const manifest = this.#manifests.get(version) as Manifest;
    const { sha256: digest, size } = manifest.files[0]!;
    this.#sequence += 1;
    const pointer: Pointer = {
      version,
      sha256: digest,
      schema: 1,
      sequence: this.#sequence,
      promotion_id: `move-${this.#sequence}`,
      kind: 'promotion',
      file: 'model.onnx',
      size,
      manifest_sha256: sha256(encodeJson(manifest)),
      artifacts: [],
      previous: null,
      promoted_at: '2026-01-01T00:00:00.000Z',
      actor: 'test',
      run_url: null,
      gate: { verdict: 'none' },
    };
    this.#write(pointerKey(this.model), encodeJson(pointer));
  }

  /** A file beside the model's own. */
  mark(name: string): void {
    this.#write(`${this.model}/${name}`, Buffer.from(''));
  }

  #write(key: string, body: Uint8Array): void {
    const path = join(this.root, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, body);
    renameSync(`${path}.new`, path);
  }
}
