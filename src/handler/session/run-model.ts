import type { TensorInfo } from '../../model/tensor-info.ts';
import { sinceStart } from '../clock.ts';
import type { Call } from '../http/call.ts';
import { unavailable } from '../http/route.ts';
import { LoadError } from '../model/load-error.ts';
import type { ServedModel } from '../model/served-model.ts';
import { badInput, type InferInput } from '../tensors/tensors-in.ts';
import { RunError } from './run-error.ts';
import type { Tensors } from './session.ts';

/** An empty tensor costs nothing to send, yet its other free dimensions may make the graph allocate without end. */
const maxOfEmpty = 65_536;

/**
 * Runs checked inputs, and notes their shapes and the time for the log. Throws RequestError 422 where the graph refuses
 * the values.
 */
export async function runModel(
  call: Call,
  model: ServedModel,
  { feeds, outputs }: Pick<InferInput, 'feeds' | 'outputs'>,
): Promise<Tensors> {
  call.saw(feeds);
  checkEmpty(feeds, model.session.inputs);
  const started = sinceStart();
  try {
    return await model.run(feeds, outputs);
  } catch (error) {
    throw await toRefusal(error, feeds, model);
  } finally {
    call.took('run', sinceStart() - started);
  }
}

/** Fixed dimensions are the model's own choice. Throws RequestError 400. */
export function checkEmpty(feeds: Tensors, infos: readonly TensorInfo[]): void {
  for (const [name, { shape }] of feeds) {
    const declared = infos.find((info) => info.name === name)?.shape;
    const free = shape.filter((size, axis) => size !== 0 && typeof declared?.[axis] !== 'number');
    const rest = free.reduce((product, size) => product * size, 1);
    if (shape.includes(0) && rest > maxOfEmpty) {
      throw badInput(`inputs.${name}.shape`, 'a tensor with elements', `an empty one of shape [${shape.join(', ')}]`);
    }
  }
}

/** Read with the first run that a graph refuses. */
const refusedRun = () => import('./refused-run.ts');

/** 422 for what the graph itself refused, or 400 where shapes that should agree do not; anything else as it is. */
export async function toRefusal(error: unknown, feeds: Tensors, model: ServedModel): Promise<unknown> {
  // Only a session for optional inputs is opened by a run.
  if (error instanceof LoadError) return unavailable(error, 1);
  return error instanceof RunError ? (await refusedRun()).refusalOf(error, feeds, model) : error;
}
