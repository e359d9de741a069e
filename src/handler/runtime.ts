import type { InferenceSessionFactory, TensorConstructor } from 'onnxruntime-common';
import { version } from 'onnxruntime-node/dist/version.js';
import { sinceStart } from './clock.ts';
import { LoadError, toLoadError } from './load-error.ts';

/** Version of the ONNX runtime in this bundle, known without loading it: artifacts are chosen by it. */
export const runtimeVersion: string = version;

export interface Runtime {
  InferenceSession: InferenceSessionFactory;
  Tensor: TensorConstructor;
  /** Importing JavaScript and native code, ms. */
  importMs: number;
  /** The runtime's own environment (thread pools, providers), paid by the first session whatever its size, ms. */
  initMs: number;
}

/** One Identity node, opset 14: the smallest model that makes the runtime build its environment. */
const identityModel = Buffer.from(
  'CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBZVoPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCAhAO',
  'base64',
);

/** A pool of threads for it, and optimising it, took 3 ms of the 21 (25 starts in turn, medians). */
const leastOptions = { intraOpNumThreads: 1, interOpNumThreads: 1, graphOptimizationLevel: 'disabled' } as const;

let loading: Promise<Runtime> | undefined;

/** Imports the runtime once a process. Throws LoadError `runtime-unavailable`. */
export function loadRuntime(): Promise<Runtime> {
  loading ??= importRuntime();
  return loading;
}

async function importRuntime(): Promise<Runtime> {
  // 1.30 ships with telemetry on; native code reads the variable when the first session is made.
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  try {
    const started = sinceStart();
    const { default: ort } = await import('onnxruntime-node');
    const imported = sinceStart();
    if (ort.env.versions.node !== version) {
      throw new LoadError('runtime-unavailable', `Bundled for ${version}, found ${ort.env.versions.node}.`);
    }
    const session = await ort.InferenceSession.create(new Uint8Array(identityModel), leastOptions);
    await session.release();
    const { InferenceSession, Tensor } = ort;
    return { InferenceSession, Tensor, importMs: imported - started, initMs: sinceStart() - imported };
  } catch (error) {
    throw toLoadError(error, 'runtime-unavailable', 'The ONNX runtime could not be loaded');
  }
}
