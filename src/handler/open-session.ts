import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Dtype, TensorInfo } from '../model/manifest.ts';
import type { ParsedTensor, TensorData } from '../model/tensor-json.ts';
import { LoadError, toLoadError } from './load-error.ts';
import { toRunError } from './run-error.ts';
import { loadRuntime, type Runtime } from './runtime.ts';
import type { ModelFile, Session, Tensors } from './session.ts';
import { sessionOptions } from './session-options.ts';

/** Opens the model in this thread. The runtime's create and run are synchronous: nothing else happens meanwhile. */
export async function openSession(file: ModelFile, threads: number | undefined): Promise<Session> {
  const runtime = await loadRuntime();
  let native: InferenceSession;
  try {
    native = await runtime.InferenceSession.create(file.path, sessionOptions(file.form, threads));
  } catch (error) {
    throw toLoadError(error, 'model-unusable', `The runtime refused ${file.path}`);
  }
  return new NativeSession(runtime, native);
}

class NativeSession implements Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly #runtime: Runtime;
  readonly #native: InferenceSession;

  constructor(runtime: Runtime, native: InferenceSession) {
    this.#runtime = runtime;
    this.#native = native;
    this.inputs = native.inputMetadata.map(toInfo);
    this.outputs = native.outputMetadata.map(toInfo);
  }

  async run(feeds: Tensors, outputs?: readonly string[]): Promise<Tensors> {
    const { Tensor } = this.#runtime;
    const entries: [string, Tensor][] = [];
    for (const [name, tensor] of feeds) entries.push([name, toNative(Tensor, tensor)]);
    const native = Object.fromEntries(entries);
    try {
      const results = await (outputs ? this.#native.run(native, [...outputs]) : this.#native.run(native));
      const found: Tensors = new Map();
      for (const name of Object.keys(results)) found.set(name, fromNative(results[name] as Tensor));
      return found;
    } catch (error) {
      throw toRunError(error);
    }
  }

  async close(): Promise<void> {
    await this.#native.release();
  }
}

function toInfo(value: InferenceSession.ValueMetadata): TensorInfo {
  if (!value.isTensor) {
    throw new LoadError('model-unusable', `${value.name} is not a tensor; sequences and maps cannot be served.`);
  }
  if (value.type === 'float16' && !('Float16Array' in globalThis)) {
    throw new LoadError('model-unusable', `${value.name} is float16, which needs Node 24; this is ${process.version}.`);
  }
  return { name: value.name, dtype: value.type as Dtype, shape: [...value.shape] };
}

/**
 * Where the engine knows Float16Array, the runtime's own class makes one of the bits, which its native half then takes
 * for empty (1.30.0). The bits are put back in place.
 */
function toNative(TensorClass: Runtime['Tensor'], { dtype, data, shape }: ParsedTensor): Tensor {
  const tensor = new TensorClass(dtype as 'float32', data as Float32Array, shape);
  if (dtype === 'float16') Object.defineProperty(tensor, 'cpuData', { value: data });
  return tensor;
}

function fromNative(tensor: Tensor): ParsedTensor {
  const data = tensor.data as TensorData | Float16Array;
  const bits = tensor.type === 'float16' && !(data instanceof Uint16Array);
  return {
    dtype: tensor.type as Dtype,
    shape: [...tensor.dims],
    data: bits ? asBits(data as Float16Array) : (data as TensorData),
  };
}

const asBits = (data: Float16Array): Uint16Array => new Uint16Array(data.buffer, data.byteOffset, data.length);
