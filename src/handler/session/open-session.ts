import { elementTypes } from '../../model/element-types.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import { LoadError, toLoadError } from '../model/load-error.ts';
import { type NativeMetadata, type NativeSession, NativeTensor } from './binding.ts';
import { toRunError } from './run-error.ts';
import { loadRuntime } from './runtime.ts';
import type { ModelFile, Session, Tensors } from './session.ts';
import { sessionOptions } from './session-options.ts';
import { usableCores } from './usable-cores.ts';

/** Opens the model in this thread. The runtime's create and run are synchronous: nothing else happens meanwhile. */
export async function openSession(file: ModelFile, threads: number | undefined): Promise<LoadedSession> {
  const runtime = await loadRuntime();
  let native: NativeSession;
  try {
    native = runtime.open(file.path, sessionOptions(file.form, threads ?? usableCores()));
  } catch (error) {
    throw toLoadError(error, 'model-unusable', `The runtime refused ${file.path}`);
  }
  return new LoadedSession(native);
}

/** A turn of the event loop, in which it takes requests and sends answers. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A session in this thread. */
export class LoadedSession implements Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly #native: NativeSession;
  /** Names alone: what to answer with where nothing is chosen. */
  readonly #all: Record<string, null>;

  constructor(native: NativeSession) {
    this.#native = native;
    this.inputs = native.inputMetadata.map(toInfo);
    this.outputs = native.outputMetadata.map(toInfo);
    this.#all = toFetches(this.outputs.map(({ name }) => name));
  }

  async run(feeds: Tensors, outputs?: readonly string[]): Promise<Tensors> {
    await turn();
    return this.runNow(feeds, outputs);
  }

  /** Blocks the thread for as long as the model takes. Throws RunError. */
  runNow(feeds: Tensors, outputs?: readonly string[]): Tensors {
    const native: [string, NativeTensor][] = [];
    for (const [name, { dtype, data, shape }] of feeds) native.push([name, new NativeTensor(dtype, data, shape)]);
    try {
      const results = this.#native.run(Object.fromEntries(native), outputs ? toFetches(outputs) : this.#all, {});
      const found: Tensors = new Map();
      for (const [name, { type, data, dims }] of Object.entries(results)) {
        found.set(name, { dtype: type, data, shape: [...dims] });
      }
      return found;
    } catch (error) {
      throw toRunError(error);
    }
  }

  async close(): Promise<void> {
    // Runs that were asked for before this have their turn first.
    await turn();
    this.#native.dispose();
  }
}

const toFetches = (names: readonly string[]): Record<string, null> =>
  Object.fromEntries(names.map((name) => [name, null]));

function toInfo({ name, isTensor, type, shape, symbolicDimensions }: NativeMetadata): TensorInfo {
  if (!isTensor) {
    throw new LoadError('model-unusable', `${name} is not a tensor; sequences and maps cannot be served.`);
  }
  const dtype = elementTypes[type ?? 0];
  if (dtype === undefined) throw new LoadError('model-unusable', `${name} is of a type that cannot be served.`);
  if (dtype === 'float16' && !('Float16Array' in globalThis)) {
    throw new LoadError('model-unusable', `${name} is float16, which needs Node 24; this is ${process.version}.`);
  }
  const dimensions = shape?.map((size, at) => (size < 0 ? (symbolicDimensions?.[at] ?? '') : size));
  return { name, dtype, shape: dimensions ?? [] };
}
