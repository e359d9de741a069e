import { isArtifactPath } from './layout.ts';
import { isFilePath, isModelName, isVersion } from './names.ts';
import { isProbe, type Probe } from './probe.ts';
import { check, type Shape, ShapeError } from './shape.ts';
import type { TaskSection } from './task.ts';
import type { TensorInfo } from './tensor-info.ts';

export interface FileEntry {
  /** Path inside the version: `model.onnx`. */
  path: string;
  /** Hex, lower case. */
  sha256: string;
  /** Bytes. */
  size: number;
}

/**
 * Forms of the model: `cold`: ORT format loaded by mmap without prepacking. `steady`: external-data split, full warm speed.
 * `tensors`: the model with tensors in place of outputs that are none, served where neither of the others is.
 */
export type FormKind = 'cold' | 'steady' | 'tensors';

/** What was derived from the files at publish: a form of the model, or the compiled tokenizer of its task. */
export interface Artifact extends FileEntry {
  kind: FormKind | 'tokenizer';
  /**
   * Exact onnxruntime version that wrote it, and alone may use it; of `tensors`, which any may use, empty; of `tokenizer`
   * its format.
   */
  runtime_version: string;
  optimization: 'extended' | 'basic' | 'none';
  /** Largest difference from the original on the parity inputs: relative to max |reference|, and absolute. */
  parity: { max_relative: number; max_absolute: number };
}

export interface Source {
  repository?: string;
  commit?: string;
  run_url?: string;
}

/** What a version is; written last, so its presence means the version is complete. */
export interface Manifest {
  schema: 1;
  name: string;
  version: string;
  files: FileEntry[];
  framework: 'onnx';
  /** The first input that is not optional, in the plain layout's form. */
  input: TensorInfo;
  created_at: string;
  /** Path of the model file in `files`. */
  model: string;
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  /** Version of the default operator set (ai.onnx). */
  opset: number;
  ir_version: number;
  /** Producer name and version as the file states them; may be empty. */
  producer: string;
  /** Paths in `files` of the files that the model keeps tensors in, and needs beside it to be loaded. */
  external_data?: string[];
  /** Path of the golden sample in `files`. */
  sample?: string;
  /** How requests become tensors and tensors answers; absent where callers send and get tensors alone. */
  task?: TaskSection;
  /** Of a version without a golden sample: the made-up request that the model answered when it was published. */
  probe?: Probe;
  artifacts: Artifact[];
  source: Source;
  /** Version of the tool that published. */
  coldgate: string;
  /** True if the graph loops as often as its inputs determine, so that a run may never end; else absent. */
  unbounded?: boolean;
  /** Unique to the run that wrote it; recognises our own write after an ambiguous answer. */
  publish_id?: string;
}

const tensor: Shape = {
  name: 'string',
  dtype: 'string',
  'optional?': 'boolean',
  'nullable?': 'boolean',
  'labels?': 'array',
};
const file: Shape = { path: 'string', sha256: 'sha256', size: 'count' };
const manifestShape: Shape = {
  schema: 'count',
  name: 'string',
  version: 'string',
  files: [file],
  framework: 'string',
  input: tensor,
  created_at: 'string',
  model: 'string',
  inputs: [tensor],
  outputs: [tensor],
  opset: 'count',
  ir_version: 'count',
  producer: 'string',
  'external_data?': ['string'],
  'sample?': 'string',
  'task?': { kind: 'string' },
  'probe?': 'object',
  artifacts: [{ ...file, kind: 'string', runtime_version: 'string', optimization: 'string', parity: 'object' }],
  source: 'object',
  coldgate: 'string',
  'unbounded?': 'boolean',
  'publish_id?': 'string',
};

const kinds: readonly string[] = ['cold', 'steady', 'tensors', 'tokenizer'] satisfies Artifact['kind'][];

/**
 * Reads a manifest from stored bytes. Stores hold hostile input: everything used later is checked here, so that paths
 * stay inside the version, are named once, and model, sample and first input are among what is listed.
 * Throws ShapeError naming the field.
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  const what = 'manifest.json';
  const manifest = check<Manifest>(bytes, manifestShape, what);
  const must = (fine: boolean, field: string, expected: string) => {
    if (!fine) throw new ShapeError(what, field, expected);
  };
  must(manifest.schema === 1, 'schema', '1, the only form that this release reads');
  must(isModelName(manifest.name), 'name', 'a model name');
  must(isVersion(manifest.version), 'version', 'a semantic version');
  must(manifest.framework === 'onnx', 'framework', '"onnx"');
  for (const [at, { path }] of manifest.files.entries()) {
    must(isFilePath(path), `files[${at}].path`, 'a path inside the version');
  }
  for (const [at, { path, kind }] of manifest.artifacts.entries()) {
    must(isArtifactPath(path), `artifacts[${at}].path`, 'a path below artifacts/');
    must(kinds.includes(kind), `artifacts[${at}].kind`, `one of ${kinds.join(', ')}`);
  }
  const paths = [...manifest.files, ...manifest.artifacts].map((entry) => entry.path);
  // Stores on some machines do not distinguish upper and lower case.
  must(new Set(paths.map((path) => path.toLowerCase())).size === paths.length, 'files', 'a list without doubles');
  const listed = (path: string) => manifest.files.some((entry) => entry.path === path);
  must(listed(manifest.model), 'model', 'one of files');
  const isData = (path: string): boolean => listed(path) && path !== manifest.model;
  must(manifest.external_data?.every(isData) !== false, 'external_data', 'a list of files other than the model');
  must(manifest.sample === undefined || listed(manifest.sample), 'sample', 'one of files');
  must(manifest.probe === undefined || isProbe(manifest.probe), 'probe', 'inputs with their shapes, and fill, 0 or 1');
  for (const [at, { shape }] of [manifest.input, ...manifest.inputs, ...manifest.outputs].entries()) {
    must(isDeclaredShape(shape), `input, inputs or outputs[${at}].shape`, 'a list of sizes and names, or null');
  }
  return manifest;
}

const isDeclaredShape = (value: unknown): boolean =>
  value === null || (Array.isArray(value) && value.every(isDimension));

const isDimension = (value: unknown): boolean =>
  typeof value === 'string' || (Number.isSafeInteger(value) && (value as number) >= 0);

/** The files that the model keeps tensors in, in the order of the list. */
export const externalFiles = ({ files, external_data: paths = [] }: Manifest): FileEntry[] =>
  paths.flatMap((path) => files.find((file) => file.path === path) ?? []);

/** The file of the pointer's sha256 and size. */
export function modelFile(manifest: Manifest): FileEntry {
  const found = manifest.files.find((f) => f.path === manifest.model);
  if (!found) throw new RangeError(`manifest of ${manifest.name} ${manifest.version} lists no file ${manifest.model}`);
  return found;
}
