import { check, type Shape } from './shape.ts';

export type Dtype =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'string';

/** One input or output of the graph. Fixed dimensions are numbers, symbolic ones their name, unnamed ones `""`. */
export interface TensorInfo {
  name: string;
  dtype: Dtype;
  shape: (number | string)[];
}

export interface FileEntry {
  /** Path inside the version: `model.onnx`. */
  path: string;
  /** Hex, lower case. */
  sha256: string;
  /** Bytes. */
  size: number;
}

/** A load-optimised form of the model made at publish; the handler falls back to the original. */
export interface Artifact extends FileEntry {
  /** `cold`: ORT format loaded by mmap without prepacking. `steady`: external-data split, full warm speed. */
  kind: 'cold' | 'steady';
  /** Exact onnxruntime version that wrote it; used only by the same version. */
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
  /** The first input, in the plain layout's form. */
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
  /** Path of the golden sample in `files`. */
  sample?: string;
  artifacts: Artifact[];
  source: Source;
  /** Version of the tool that published. */
  coldgate: string;
}

const tensor: Shape = { name: 'string', dtype: 'string', shape: 'array' };
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
  'sample?': 'string',
  artifacts: [{ ...file, kind: 'string', runtime_version: 'string', optimization: 'string', parity: 'object' }],
  source: 'object',
  coldgate: 'string',
};

/**
 * Reads a manifest from stored bytes. Stores hold hostile input: everything used later is checked here.
 * Throws ShapeError naming the field.
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  return check<Manifest>(bytes, manifestShape, 'manifest.json');
}

/** The file that the pointer's sha256 and size speak of. */
export function modelFile(manifest: Manifest): FileEntry {
  const found = manifest.files.find((f) => f.path === manifest.model);
  if (!found) throw new RangeError(`manifest of ${manifest.name} ${manifest.version} lists no file ${manifest.model}`);
  return found;
}
