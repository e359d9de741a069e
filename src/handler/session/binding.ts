import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';
import type { TensorData } from '../../model/tensor-elements.ts';
import type { Dtype } from '../../model/tensor-info.ts';
import { isSessionThread } from './session-thread.ts';

/**
 * onnxruntime-node's native half, which its JavaScript wraps (lib/binding.ts and lib/backend.ts there, 1.30.0). Asked
 * without that wrapper, which a start would have to compile (26 KB, 3 ms) and which checks again what was checked
 * against the model already. All of it is synchronous.
 */
export interface Binding {
  InferenceSession: new () => NativeSession;
  /** Must come before the first session of a thread, once. Log level 3: errors. `tensor` makes the outputs. */
  initOrtOnce(logLevel: number, tensor: typeof NativeTensor, isMainThread: boolean): void;
}

export interface NativeSession {
  readonly inputMetadata: readonly NativeMetadata[];
  readonly outputMetadata: readonly NativeMetadata[];
  loadModel(path: string, options: InferenceSession.SessionOptions): void;
  loadModel(buffer: ArrayBuffer, offset: number, length: number, options: InferenceSession.SessionOptions): void;
  /** `fetches` has a null for each output that is wanted. */
  run(
    feeds: Record<string, NativeTensor>,
    fetches: Record<string, null>,
    options: object,
  ): Record<string, NativeTensor>;
  dispose(): void;
}

/** `shape` and `type` are there for tensors alone. A free dimension is -1, its name stands in `symbolicDimensions`. */
export interface NativeMetadata {
  name: string;
  isTensor: boolean;
  /** TensorProto.DataType of ONNX. */
  type?: number;
  shape?: readonly number[];
  symbolicDimensions?: readonly string[];
}

/** A tensor as the native half reads and makes it; float16 as its bits, bool as bytes. */
export class NativeTensor {
  readonly type: Dtype;
  readonly data: TensorData;
  readonly dims: readonly number[];
  readonly location = 'cpu';

  constructor(type: Dtype, data: TensorData, dims: readonly number[]) {
    this.type = type;
    this.data = data;
    this.dims = dims;
  }
}

const fileName = 'onnxruntime_binding.node';

/** Loads the native half. Throws the dynamic linker's error. */
export function loadBinding(): Binding {
  const loaded: { exports: unknown } = { exports: {} };
  // Not by require, which takes a millisecond to resolve the path.
  process.dlopen(loaded, bindingPath());
  return loaded.exports as Binding;
}

/** Builds the runtime's environment. Once per thread: a second time ends the process. */
export const prepareBinding = (binding: Binding): void => binding.initOrtOnce(3, NativeTensor, !isSessionThread());

/**
 * In a function's package it is beside the code, or a folder of that name is there: a module that exports the path in a
 * layer (src/package/runtime-layer.ts). Run from sources, it is that of the npm package.
 */
function bindingPath(): string {
  const beside = join(import.meta.dirname, fileName);
  const found = statSync(beside, { throwIfNoEntry: false });
  if (found?.isFile()) return beside;
  const load = process.getBuiltinModule('node:module').createRequire(import.meta.filename);
  if (found) return load(beside) as string;
  const { platform, arch } = process;
  return load.resolve(`onnxruntime-node/bin/napi-v6/${platform}/${arch}/${fileName}`);
}
