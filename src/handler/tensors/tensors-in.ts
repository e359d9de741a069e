import { NumberList } from '../../model/number-list.ts';
import { describeShape } from '../../model/tensor-error.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import { bindSymbols, type ParsedTensor, parseTensor, TensorError } from '../../model/tensor-json.ts';
import { RequestError } from '../http/request-error.ts';
import type { Session, Tensors } from '../session/session.ts';

/** How tensors were written, and so how the answer writes them. */
export type TensorForm = 'nested' | 'flat';

export interface InferInput {
  feeds: Tensors;
  /** Outputs asked for; all when absent. */
  outputs: readonly string[] | undefined;
  form: TensorForm;
}

type Names = Pick<Session, 'inputs' | 'outputs'>;

/** A tensor in a request that is not written out in it. */
export abstract class GivenTensor {
  /** Throws RequestError 400 naming `place`. */
  abstract read(info: TensorInfo, place: string): ParsedTensor;
}

/**
 * Reads `{ inputs, outputs? }`: `inputs` by name, or one bare nested list (or value) for the first input. Everything is
 * held against what the model declares before the runtime sees it. Throws RequestError 400 `bad-input`.
 */
export function readInferInput(body: unknown, model: Names): InferInput {
  if (!isRecord(body)) throw badInput('', 'an object with inputs', 'something else');
  const unknown = Object.keys(body).find((key) => key !== 'inputs' && key !== 'outputs');
  if (unknown !== undefined) throw badInput(shorten(unknown), 'only inputs and outputs', 'an unknown field');
  if (body['inputs'] === undefined) throw badInput('inputs', describeInputs(model.inputs), 'nothing');
  const byName = nameInputs(body['inputs'], model.inputs);
  const form: TensorForm = Object.values(byName).some(isRecord) ? 'flat' : 'nested';
  return { feeds: readFeeds(byName, model.inputs), outputs: readOutputs(body['outputs'], model.outputs), form };
}

function nameInputs(inputs: unknown, infos: readonly TensorInfo[]): Record<string, unknown> {
  if (isRecord(inputs)) return inputs;
  const [first, second] = infos.filter(({ optional }) => !optional);
  if (!first || second) throw badInput('inputs', describeInputs(infos), 'a list without a name');
  return { [first.name]: inputs };
}

function readFeeds(byName: Record<string, unknown>, infos: readonly TensorInfo[]): Tensors {
  const unknown = Object.keys(byName).find((name) => !infos.some((info) => info.name === name));
  if (unknown !== undefined) throw badInput(`inputs.${shorten(unknown)}`, describeInputs(infos), 'an unknown input');
  const feeds: Tensors = new Map();
  for (const info of infos) {
    if (!Object.hasOwn(byName, info.name)) {
      if (info.optional) continue;
      throw badInput(`inputs.${info.name}`, describeInput(info), 'nothing');
    }
    const place = `inputs.${info.name}`;
    const given = byName[info.name];
    const tensor =
      given instanceof GivenTensor ? given.read(info, place) : readTensor(place, () => parseTensor(given, info));
    feeds.set(info.name, tensor);
  }
  return feeds;
}

/**
 * Symbolic dimensions of one name agree across all inputs, as a rule: exporters use a name twice for what is not the same,
 * so only of inputs that the graph refused this is the reason. Throws RequestError 400.
 */
export function checkSymbols(feeds: Tensors, infos: readonly TensorInfo[]): void {
  const bound = new Map<string, number>();
  for (const info of infos) {
    const tensor = feeds.get(info.name);
    if (tensor) readTensor(`inputs.${info.name}`, () => bindSymbols(tensor.shape, info, bound));
  }
}

/** Turns what is wrong with a tensor into an answer that names the place in the request. */
export function readTensor<T = ParsedTensor>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TensorError)) throw error;
    const dot = error.field === '' || error.field.startsWith('[') ? '' : '.';
    throw badInput(`${place}${dot}${shorten(error.field)}`, error.expected, error.got);
  }
}

function readOutputs(wanted: unknown, infos: readonly TensorInfo[]): readonly string[] | undefined {
  if (wanted === undefined) return undefined;
  const names = infos.map((info) => info.name);
  const fits = Array.isArray(wanted) && wanted.length > 0 && wanted.every((name) => names.includes(name as string));
  if (!fits) throw badInput('outputs', `a list of some of ${names.join(', ')}`, 'something else');
  return [...new Set(wanted as string[])];
}

export const badInput = (place: string, expected: string, got: string): RequestError =>
  new RequestError(400, 'bad-input', `${place ? `${place}: ` : ''}expected ${expected}, got ${got}.`);

const describeInput = (info: TensorInfo): string =>
  `${info.name} (${info.optional ? 'optional ' : ''}${info.dtype} ${describeShape(info.shape)})`;

export const describeInputs = (infos: readonly TensorInfo[]): string =>
  `the inputs ${infos.map(describeInput).join(', ')}`;

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberList);

/** Names that callers made up are repeated only in part. */
export const shorten = (text: string): string => (text.length > 64 ? `${text.slice(0, 64)}…` : text);
