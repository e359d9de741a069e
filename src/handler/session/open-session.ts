import { readFileSync } from 'node:fs';
import type { InferenceSession } from 'onnxruntime-common';
import { elementTypes } from '../../model/element-types.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import { LoadError, toLoadError } from '../model/load-error.ts';
import { type NativeMetadata, type NativeSession, NativeTensor } from './binding.ts';
import { toRunError } from './run-error.ts';
import { loadRuntime } from './runtime.ts';
import type { ModelFile, Session, Tensors } from './session.ts';

/**
 * Measured in research on cold starts: memory patterns make the second run of a convolution net as slow as the first
 * and cost memory; the arena stays on, because without it large nets run three times slower. Waiting threads of the
 * runtime spin for 50 us and then sleep, where the default is to keep spinning: a function's CPUs are shared or
 * rationed, and spinning takes time from the run itself, from loading and from the event loop. Against sleeping at
 * once, medians of a 90 MB encoder on 2 CPUs: free CPUs, first run 0.84 to 0.89 and warm run 0.79 to 0.84 (spinning on:
 * 0.79, 0.79); both CPUs busy with something else, 1.08 to 1.19 and 1.14 to 1.21 (spinning on: 1.73, 1.86). The number
 * of threads is always set: the runtime pins threads of its own default to a CPU each, where they then wait for other
 * threads, this process's main thread among them (medians of 100 starts with 90 MB: 123 ms beside 129). The `cold` form
 * is mapped, and its weights are used in place, unpacked; that is only sound for a file that is never written to again.
 */
export function sessionOptions(
  form: ModelFile['form'],
  threads: number,
  folder?: string,
): InferenceSession.SessionOptions {
  const cold = form === 'cold';
  return {
    enableMemPattern: false,
    // 4, fatal alone: what the runtime prints about inputs that it refuses may hold their values.
    logSeverityLevel: 4,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    ...(cold && { graphOptimizationLevel: 'disabled' as const }),
    // Typed as for the web build alone, but the Node binding passes every key on; values must be strings.
    extra: { session: { intra_op: { spin_duration_us: '50' }, ...(cold && mappedInPlace), ...dataIn(folder) } },
  };
}

/** The runtime reads nothing else of a model than what lies in this folder. */
export const dataIn = (folder: string | undefined) =>
  folder && { model_external_initializers_file_folder_path: folder };

const mappedInPlace = {
  load_model_format: 'ORT',
  use_memory_mapped_ort_model: '1',
  use_ort_model_bytes_for_initializers: '1',
  disable_prepacking: '1',
};

/**
 * Cores that this process may use, by its affinity and its group's quota. Of two CPUs that share a core one is enough: an
 * inference keeps the core's arithmetic busy by itself, which is why the runtime counts cores as well.
 */
export function usableCores(): number {
  const cpus = process.getBuiltinModule('node:os').availableParallelism();
  return sharesCores() ? Math.ceil(cpus / 2) : cpus;
}

/** Only Linux has a file that shows it; elsewhere a CPU counts as a core. */
function sharesCores(): boolean {
  try {
    return readFileSync('/sys/devices/system/cpu/smt/active', 'latin1').trim() === '1';
  } catch {
    return false;
  }
}

/** Opens the model in this thread. The runtime's create and run are synchronous: nothing else happens meanwhile. */
export async function openSession(file: ModelFile, threads: number | undefined): Promise<LoadedSession> {
  const runtime = await loadRuntime();
  let native: NativeSession;
  try {
    native = runtime.open(file.path, sessionOptions(file.form, threads ?? usableCores(), file.folder));
  } catch (error) {
    throw toLoadError(error, 'model-unusable', `The runtime refused ${file.path}`);
  }
  return new LoadedSession(native, file.inputs);
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

  /** @param declared what gives an input its shape where the file does not */
  constructor(native: NativeSession, declared?: ModelFile['inputs']) {
    this.#native = native;
    this.inputs = native.inputMetadata.map((metadata) => withShape(toInfo(metadata), declared));
    this.outputs = native.outputMetadata.filter(canBeServed).map(toInfo);
    if (this.outputs.length === 0)
      throw new LoadError('model-unusable', 'None of its outputs is a tensor that can be served.');
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

/** Others are never asked for: the binding refuses a run that would answer with one. */
const canBeServed = ({ isTensor, type }: NativeMetadata): boolean => isTensor && elementTypes[type ?? 0] !== undefined;

/** The runtime reports no dimensions for a scalar, and for a tensor of which no shape is declared. */
function withShape(info: TensorInfo, declared: ModelFile['inputs']): TensorInfo {
  const shape = info.shape?.length === 0 ? declared?.find(({ name }) => name === info.name)?.shape : undefined;
  return shape ? { ...info, shape } : info;
}

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
