import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sha256 } from '../../../src/model/digest.ts';
import { fileKey, manifestKey, pointerKey } from '../../../src/model/layout.ts';
import { type Artifact, externalFiles, type Manifest } from '../../../src/model/manifest.ts';
import { encodeJson, type Pointer } from '../../../src/model/pointer.ts';
import type { TaskSection } from '../../../src/model/task.ts';
import type { TensorInfo } from '../../../src/model/tensor-info.ts';

export interface VersionParts {
  model: Uint8Array;
  sample?: unknown;
  inputs?: TensorInfo[];
  outputs?: TensorInfo[];
  artifacts?: { entry: Artifact; bytes: Uint8Array }[];
  /** Whether the graph loops on what its inputs say. */
  unbounded?: boolean;
  /** Further files by path. */
  files?: Record<string, Uint8Array>;
  /** Those of them that the model keeps tensors in. */
  externalData?: string[];
  /** How requests become tensors. */
  task?: TaskSection;
}

export const tinyTensors = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 2] }] as TensorInfo[],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['batch', 2] }] as TensorInfo[],
};

/** A file store as publish and promote leave it, written directly so that tests can also write what they never would. */
export class ModelStore {
  readonly root: string = mkdtempSync(join(tmpdir(), 'coldgate-handler-'));
  #sequence = 0;

  write(key: string, bytes: Uint8Array): void {
    const path = join(this.root, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, bytes);
    renameSync(`${path}.new`, path);
  }

  publish(name: string, version: string, parts: VersionParts): Manifest {
    const files: Record<string, Uint8Array> = { 'model.onnx': parts.model, ...parts.files };
    if (parts.sample !== undefined) files['sample.json'] = encodeJson(parts.sample);
    for (const [path, bytes] of Object.entries(files)) this.write(fileKey(name, version, path), bytes);
    for (const { entry, bytes } of parts.artifacts ?? []) this.write(fileKey(name, version, entry.path), bytes);
    const { inputs, outputs } = { ...tinyTensors, ...parts };
    const manifest: Manifest = {
      schema: 1,
      name,
      version,
      files: Object.entries(files).map(([path, bytes]) => ({ path, sha256: sha256(bytes), size: bytes.byteLength })),
      framework: 'onnx',
      input: inputs[0] as TensorInfo,
      created_at: '2026-01-01T00:00:00.000Z',
      model: 'model.onnx',
      ...(parts.externalData && { external_data: parts.externalData }),
      inputs,
      outputs,
      opset: 13,
      ir_version: 8,
      producer: 'coldgate test',
      ...(parts.sample !== undefined && { sample: 'sample.json' }),
      ...(parts.task && { task: parts.task }),
      artifacts: (parts.artifacts ?? []).map(({ entry }) => entry),
      ...(parts.unbounded && { unbounded: true }),
      source: {},
      coldgate: '0.0.0',
    };
    this.write(manifestKey(name, version), encodeJson(manifest));
    return manifest;
  }

  promote(manifest: Manifest, pointer = 'current.json'): void {
    const file = manifest.files[0]!;
    this.#sequence++;
    const document: Pointer = {
      version: manifest.version,
      sha256: file.sha256,
      schema: 1,
      sequence: this.#sequence,
      promotion_id: `test-${this.#sequence}`,
      kind: 'promotion',
      file: file.path,
      size: file.size,
      manifest_sha256: sha256(encodeJson(manifest)),
      artifacts: manifest.artifacts,
      ...(manifest.external_data && { files: [file, ...externalFiles(manifest)] }),
      ...(manifest.unbounded && { unbounded: true }),
      previous: null,
      promoted_at: '2026-01-01T00:00:00.000Z',
      actor: 'test',
      run_url: null,
      gate: { verdict: 'none' },
    };
    this.write(pointerKey(manifest.name, pointer), encodeJson(document));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
