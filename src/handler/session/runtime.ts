import type { InferenceSession } from 'onnxruntime-common';
import runtimePackage from 'onnxruntime-node/package.json' with { type: 'json' };
import { sinceStart } from '../clock.ts';
import { toLoadError } from '../model/load-error.ts';
import { loadBinding, type NativeSession, prepareBinding } from './binding.ts';

/** Version of the ONNX runtime in this bundle, known without loading it: artifacts are chosen by it. */
export const runtimeVersion: string = runtimePackage.version;

export interface Runtime {
  /** Blocks for as long as the model takes to load. Throws the runtime's error; `dispose` frees the session. */
  open(model: string | Uint8Array<ArrayBuffer>, options: InferenceSession.SessionOptions): NativeSession;
  /** Loading the native code, ms. */
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
    const binding = loadBinding();
    const imported = sinceStart();
    prepareBinding(binding);
    const open: Runtime['open'] = (model, options) => {
      const session = new binding.InferenceSession();
      if (typeof model === 'string') session.loadModel(model, options);
      else session.loadModel(model.buffer, model.byteOffset, model.byteLength, options);
      return session;
    };
    open(new Uint8Array(identityModel), leastOptions).dispose();
    return { open, importMs: imported - started, initMs: sinceStart() - imported };
  } catch (error) {
    throw toLoadError(error, 'runtime-unavailable', 'The ONNX runtime could not be loaded');
  }
}
