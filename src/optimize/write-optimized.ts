import { IntegrityError } from '../errors.ts';
import { toLoadError } from '../handler/model/load-error.ts';
import { dataIn } from '../handler/session/open-session.ts';
import { loadRuntime, type Runtime } from '../handler/session/runtime.ts';
import { type ModelHead, readModelHead } from '../onnx/read-head.ts';

/**
 * How far the runtime may optimise what is written: `basic` leaves ONNX's own operators, `extended` fuses them into the
 * runtime's, of which each CPU has its own right implementation. What comes after (`layout`, `all`) is for one kind of CPU.
 */
export type Level = 'basic' | 'extended';

export interface Writing {
  model: string;
  /** Where the files lie that it keeps tensors in, if not beside it. */
  folder?: string | undefined;
  /** Where the optimised model goes. */
  path: string;
  format: 'ORT' | 'ONNX';
  level: Level;
}

/**
 * Loads the model and has the runtime write down what it made of it. Throws LoadError `model-unusable`, and IntegrityError
 * `artifact-unsupported` where the model loads and this alone does not work.
 */
export async function writeOptimized({ model, folder, path, format, level }: Writing): Promise<void> {
  const runtime = await loadRuntime();
  try {
    const session = runtime.open(model, {
      graphOptimizationLevel: level,
      optimizedModelFilePath: path,
      enableMemPattern: false,
      // 3: errors. The runtime warns that optimised models are for this machine, which the look at the nodes settles.
      logSeverityLevel: 3,
      extra: { session: { save_model_format: format, ...dataIn(folder) } },
    });
    session.dispose();
  } catch (error) {
    const refusal = toLoadError(error, 'model-unusable', `The runtime could not optimise ${model}`);
    demandLoadable(runtime, model, folder);
    throw new IntegrityError('artifact-unsupported', `${refusal.message}.`, { hint: 'Publish with `optimize: off`.' });
  }
}

/** Throws LoadError `model-unusable` for a model that the runtime does not load as it is either. */
function demandLoadable(runtime: Runtime, model: string, folder: string | undefined): void {
  try {
    runtime.open(model, { logSeverityLevel: 4, extra: { session: { ...dataIn(folder) } } }).dispose();
  } catch (error) {
    throw toLoadError(error, 'model-unusable', `The runtime refused ${model}`);
  }
}

/** Nodes of this domain are laid out for one kind of CPU: elsewhere they are missing, or answer wrong without an error. */
const blockedLayout = 'com.microsoft.nchwc';

/** Reads the head of what was written. Throws IntegrityError `hardware-bound` when a node is laid out for one kind of CPU. */
export async function readOptimized(path: string): Promise<ModelHead> {
  const head = await readModelHead(path);
  if (!head.nodeDomains.includes(blockedLayout)) return head;
  throw new IntegrityError(
    'hardware-bound',
    `The optimised model has nodes of ${blockedLayout}, right on this CPU only.`,
    {
      hint: 'Publish with `optimize: off`, and report the model if you can.',
    },
  );
}
