import type { GoldenSample } from './sample.ts';
import type { Way } from './tensor-elements.ts';
import { describeShape, describeValue } from './tensor-error.ts';
import type { TensorInfo } from './tensor-info.ts';
import { parseTensor, TensorError } from './tensor-json.ts';

/** One thing wrong with a sample; `path` is dotted: `inputs.x.data[3]`, `tolerance.relative`. */
export interface SampleProblem {
  path: string;
  expected: string;
  got: string;
  /** Names that would have been right, where a name is wrong. */
  known?: readonly string[];
}

interface Declared {
  inputs: readonly TensorInfo[];
  outputs: readonly TensorInfo[];
  /** Whatever it is: a model that has one takes samples of requests. */
  task?: unknown;
}

const fields = ['inputs', 'outputs', 'tolerance'] as const;
const requestFields = ['request', 'answer', 'tolerance'] as const;
const tolerances = ['relative', 'absolute'] as const;

/**
 * Checks a golden sample against the model's inputs and outputs and returns everything wrong with it. Every input that is
 * not optional must be there; outputs may be left out, all or some. Of an output only names and elements are checked: its
 * declared shape is advice, and what the model answers decides. What a request holds is the task's to judge.
 */
export function checkSample(json: unknown, model: Declared): { sample: GoldenSample; problems: SampleProblem[] } {
  const sample = json as GoldenSample;
  if (!isRecord(json)) {
    const expected = `an object with ${model.task ? 'request, or inputs' : 'inputs'}`;
    return { sample, problems: [{ path: '', expected, got: describeValue(json) }] };
  }
  if (json['request'] !== undefined) return { sample, problems: checkRequest(json, model) };
  const outputs = model.outputs.map((info) => ({ ...info, shape: null }));
  const problems = [
    ...unknownNames('', json, fields),
    ...checkTensors('inputs', json['inputs'], model.inputs, 'in'),
    ...(json['outputs'] === undefined ? [] : checkTensors('outputs', json['outputs'], outputs, 'out')),
    ...(json['tolerance'] === undefined ? [] : checkTolerance(json['tolerance'])),
  ];
  return { sample, problems };
}

function checkRequest(json: Record<string, unknown>, { task }: Declared): SampleProblem[] {
  const { answer, tolerance } = json;
  const isAnswer = isRecord(answer) && Array.isArray(answer['predictions']);
  return [
    ...unknownNames('', json, requestFields),
    ...(task ? [] : [{ path: 'request', expected: 'inputs, of a model without a task', got: 'a request' }]),
    ...(answer === undefined || isAnswer
      ? []
      : [{ path: 'answer', expected: 'an object with a list of predictions', got: describeValue(answer) }]),
    ...(tolerance === undefined ? [] : checkTolerance(tolerance)),
  ];
}

function checkTensors(path: string, json: unknown, infos: readonly TensorInfo[], way: Way): SampleProblem[] {
  const names = infos.map((info) => info.name);
  if (!isRecord(json)) {
    return [{ path, expected: `an object of tensors by name (${names.join(', ')})`, got: describeValue(json) }];
  }
  const problems = unknownNames(`${path}.`, json, names);
  for (const info of infos) {
    if (Object.hasOwn(json, info.name)) problems.push(...checkTensor(`${path}.${info.name}`, json, info, way));
    else if (way === 'in' && !info.optional) {
      const expected = `${info.dtype} of shape ${describeShape(info.shape)}, which the model needs`;
      problems.push({ path: `${path}.${info.name}`, expected, got: 'nothing' });
    }
  }
  return problems;
}

function checkTensor(path: string, json: Record<string, unknown>, info: TensorInfo, way: Way): SampleProblem[] {
  try {
    parseTensor(json[info.name], info, way);
    return [];
  } catch (error) {
    if (!(error instanceof TensorError)) throw error;
    const dot = error.field === '' || error.field.startsWith('[') ? '' : '.';
    return [{ path: `${path}${dot}${error.field}`, expected: error.expected, got: error.got }];
  }
}

function checkTolerance(json: unknown): SampleProblem[] {
  if (!isRecord(json)) {
    return [{ path: 'tolerance', expected: 'an object with relative and absolute', got: describeValue(json) }];
  }
  const wrong = tolerances.filter((name) => {
    const value = json[name];
    return value !== undefined && !(typeof value === 'number' && value >= 0 && Number.isFinite(value));
  });
  return [
    ...unknownNames('tolerance.', json, tolerances),
    ...wrong.map((name) => ({
      path: `tolerance.${name}`,
      expected: 'a number of at least 0',
      got: describeValue(json[name]),
    })),
  ];
}

function unknownNames(prefix: string, json: Record<string, unknown>, known: readonly string[]): SampleProblem[] {
  return Object.keys(json)
    .filter((name) => !known.includes(name))
    .map((name) => ({ path: `${prefix}${name}`, expected: `only ${known.join(', ')}`, got: 'an unknown name', known }));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
