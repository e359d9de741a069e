import type { Call } from './call.ts';
import { sinceStart } from './clock.ts';
import { RequestError } from './request-error.ts';
import { RunError } from './run-error.ts';
import type { ServedModel } from './served-model.ts';
import type { Tensors } from './session.ts';
import { badInput, type InferInput } from './tensors-in.ts';

/** An empty tensor costs nothing to send, yet its other dimensions may make the graph allocate without end. */
const mostOfEmpty = 65_536;

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
  checkEmpty(feeds);
  const started = sinceStart();
  try {
    return await model.run(feeds, outputs);
  } catch (error) {
    throw toRefusal(error);
  } finally {
    call.took('run', sinceStart() - started);
  }
}

/** Throws RequestError 400. */
export function checkEmpty(feeds: Tensors): void {
  for (const [name, { shape }] of feeds) {
    const rest = shape.filter((size) => size !== 0).reduce((product, size) => product * size, 1);
    if (shape.includes(0) && rest > mostOfEmpty) {
      throw badInput(`inputs.${name}.shape`, 'a tensor with elements', `an empty one of shape [${shape.join(', ')}]`);
    }
  }
}

/** 422 for what the graph itself refused; anything else as it is. */
export function toRefusal(error: unknown): unknown {
  if (!(error instanceof RunError)) return error;
  const at = error.node ? ` (node ${error.node})` : '';
  const message = `The inputs have the right types and shapes, but the model cannot run them: ${error.message}`;
  const detail = { operator: error.operator, node: error.node };
  return new RequestError(422, 'inference-failed', `${message.replace(/\.$/, '')}${at}.`, { detail });
}
