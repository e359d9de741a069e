import type { TensorInfo } from '../../model/tensor-info.ts';
import { sinceStart } from '../clock.ts';
import type { Call } from '../http/call.ts';
import { RequestError } from '../http/request-error.ts';
import { unavailable } from '../http/route.ts';
import { LoadError } from '../model/load-error.ts';
import type { ServedModel } from '../model/served-model.ts';
import { badInput, checkSymbols, type InferInput } from '../tensors/tensors-in.ts';
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
    throw toRefusal(error, feeds, model);
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

/** 422 for what the graph itself refused, or 400 where shapes that should agree do not; anything else as it is. */
export function toRefusal(error: unknown, feeds: Tensors, model: ServedModel): unknown {
  // Only a session for optional inputs is opened by a run.
  if (error instanceof LoadError) return unavailable(error, 1);
  if (!(error instanceof RunError)) return error;
  try {
    checkSymbols(feeds, model.session.inputs);
  } catch (reason) {
    return reason;
  }
  const at = error.node ? ` (node ${error.node})` : '';
  // The graph's own words name an inner node; of one input alone it is clear which was refused.
  const [only, second] = feeds.keys();
  const place = second === undefined && only !== undefined ? `inputs.${only}: ` : '';
  const message = `${place}The inputs have the right types and shapes, but the model cannot run them: ${error.message}`;
  const detail = { operator: error.operator, node: error.node };
  return new RequestError(422, 'inference-failed', `${message.replace(/\.$/, '')}${at}.`, { detail });
}
