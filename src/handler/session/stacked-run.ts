import type { Sample } from '../../model/sample.ts';
import { compareSample } from '../../model/sample-compare.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import { toSampleForm } from '../model/golden-sample.ts';
import type { ServedModel } from '../model/served-model.ts';
import { joinTensors, splitTensor } from '../tensors/stack-tensors.ts';
import type { InferInput } from '../tensors/tensors-in.ts';
import { RunError } from './run-error.ts';
import type { Session, Tensors } from './session.ts';

/** Bounds the memory of one run. */
const maxStacked = 256;

/** Whether stacking has been found to leave answers as they are, by model. */
const proven = new WeakMap<Session, boolean>();

/**
 * Runs all items in one go by joining them along the first dimension; undefined where that is not possible or not
 * proven: the caller then runs the items one by one. A free first dimension need not be a batch (it may be time), so
 * the first stacked run of a model is compared with runs of its first and last item alone before stacking is trusted.
 */
export async function runStacked(model: ServedModel, inputs: readonly InferInput[]): Promise<Tensors[] | undefined> {
  const { session } = model;
  if (inputs.length < 2 || proven.get(session) === false || !isStackable(session)) return undefined;
  // An optional input is one for the whole run, as a rule, not one a row.
  if (inputs.some(({ feeds }) => feeds.size > session.inputs.length)) return undefined;
  const rows = inputs.map((input) => rowsOf(input.feeds));
  const form = formOf(inputs[0] as InferInput);
  if (rows.includes(undefined) || inputs.some((input) => formOf(input) !== form)) return undefined;
  try {
    const answers: Tensors[] = [];
    for (let at = 0; at < inputs.length; at += maxStacked) {
      const part = inputs.slice(at, at + maxStacked);
      answers.push(...(await runPart(model, part, rows.slice(at, at + maxStacked) as number[])));
    }
    if (!proven.has(session)) proven.set(session, await isProven(model, inputs, answers));
    return proven.get(session) ? answers : undefined;
  } catch (error) {
    // One item's values may be what the graph refuses: found out one by one.
    if (error instanceof RunError) return undefined;
    throw error;
  }
}

/** All tensors free in their first dimension, by one name, which none uses for another dimension. */
function isStackable({ inputs, outputs }: Session): boolean {
  const all: readonly TensorInfo[] = [...inputs, ...outputs];
  const firsts = new Set(all.map(({ shape }) => shape?.[0]));
  const [name] = firsts;
  if (firsts.size !== 1 || typeof name !== 'string') return false;
  return name === '' || !all.some(({ shape }) => shape?.slice(1).includes(name));
}

/** Rows of an item, the same in all its tensors. */
function rowsOf(feeds: Tensors): number | undefined {
  const [rows, other] = new Set([...feeds.values()].map((tensor) => tensor.shape[0]));
  return other === undefined && rows !== undefined && rows > 0 ? rows : undefined;
}

const formOf = ({ feeds, outputs }: InferInput): string =>
  JSON.stringify([[...feeds].map(([name, tensor]) => [name, tensor.shape.slice(1)]), outputs]);

async function runPart(model: ServedModel, inputs: readonly InferInput[], rows: readonly number[]): Promise<Tensors[]> {
  const [first] = inputs as [InferInput, ...InferInput[]];
  const feeds: Tensors = new Map();
  for (const name of first.feeds.keys()) feeds.set(name, joinTensors(inputs.map((input) => input.feeds.get(name)!)));
  const outputs = await model.run(feeds, first.outputs);
  const answers: Tensors[] = inputs.map(() => new Map());
  for (const [name, tensor] of outputs) {
    const parts = splitTensor(tensor, rows);
    if (!parts) throw new RunError(undefined, undefined);
    for (const [i, part] of parts.entries()) answers[i]?.set(name, part);
  }
  return answers;
}

async function isProven(
  model: ServedModel,
  inputs: readonly InferInput[],
  answers: readonly Tensors[],
): Promise<boolean> {
  for (const at of [0, inputs.length - 1]) {
    const { feeds, outputs } = inputs[at] as InferInput;
    const alone = toSampleForm(await model.run(feeds, outputs)) as NonNullable<Sample['outputs']>;
    if (compareSample({ inputs: {}, outputs: alone }, toSampleForm(answers[at] as Tensors))) return false;
  }
  return true;
}
