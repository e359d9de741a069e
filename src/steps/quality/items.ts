import { createHash } from 'node:crypto';
import type { QualitySettings } from '../../config/types.ts';
import type { Problem } from '../../errors.ts';
import { type Expected, ExpectedError, kindOf, readExpected, type Scoring } from '../../gate/quality/expected.ts';
import { nearest } from '../../inputs.ts';
import { checkSample } from '../../model/sample-check.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import { isItem, type RawItem, readLines } from './read-items.ts';

/** What a model says of itself, by which examples are held against it. */
export interface ModelSignature {
  inputs: readonly TensorInfo[];
  outputs: readonly TensorInfo[];
}

/** One labelled example, checked. */
export interface Item {
  line: number;
  /** As given, else its line. */
  id: string;
  group: string | undefined;
  inputs: Record<string, unknown>;
  /** What should come out, for each metric. */
  expected: Expected[];
}

export interface ItemReader {
  label: string;
  scorings: readonly Scoring[];
  /** From the first to the last, a few at a time. A line that is none is a list of its problems. */
  read(): AsyncGenerator<Item | Problem[]>;
}

const fields = ['id', 'group', 'inputs', 'request', 'expected'];

/** How each metric reads the model's answers. Throws nothing: an output that is not there is a problem of `problems`. */
export function scoringsOf(
  quality: QualitySettings,
  { outputs }: ModelSignature,
): { scorings: Scoring[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const scorings = quality.metrics.map(({ options, k, output }, at): Scoring => {
    const found = output === undefined ? outputs[0] : outputs.find(({ name }) => name === output);
    const path = at === 0 ? 'quality.output' : `quality.also[${at - 1}].output`;
    if (!found) {
      const message = `expected one of the outputs ${outputs.map(({ name }) => name).join(', ')}, got ${output ?? 'a model without outputs'}.`;
      problems.push({ path, message });
    } else if (options.metric === 'top-k' && !found.dtype.includes('float')) {
      problems.push({ path, message: `expected an output of scores for top-k, got ${found.name}, of ${found.dtype}.` });
    }
    return { metric: options.metric, k, dtype: found?.dtype ?? 'float32', labels: found?.labels };
  });
  return { scorings, problems };
}

export const outputOf = ({ outputs }: ModelSignature, named: string | undefined): string =>
  named ?? outputs[0]?.name ?? '';

/** The examples of a data file, held against the model. */
export function itemReader(
  quality: QualitySettings,
  signature: ModelSignature,
  scorings: readonly Scoring[],
): ItemReader {
  const { source, path: label } = quality.data;
  async function* read(): AsyncGenerator<Item | Problem[]> {
    for await (const found of readLines(source, label, signature.inputs)) {
      if (isItem(found)) yield readItem(found, label, signature, scorings);
      else yield [{ path: '', file: label, line: found.line, message: found.message, hint: found.hint }];
    }
  }
  return { label, scorings, read };
}

function readItem(
  { line, fields: given }: RawItem,
  label: string,
  signature: ModelSignature,
  scorings: readonly Scoring[],
): Item | Problem[] {
  const problems: Problem[] = [];
  const add = (path: string, message: string, hint?: string) =>
    problems.push({ path, file: label, line, message, hint });
  for (const name of Object.keys(given).filter((one) => !fields.includes(one))) {
    const near = nearest(name.slice(0, 60), fields);
    add(name.slice(0, 60), 'is not expected here.', near ? `Did you mean ${near}?` : `Known are ${fields.join(', ')}.`);
  }
  const [id, group] = [nameOf('id', given, add), nameOf('group', given, add)];
  const inputs = readInputs(given, signature, add);
  const expected = scorings.flatMap((scoring) => expectedOf(given['expected'], scoring, add));
  if (problems.length > 0) return onceEach(problems);
  return { line, id: id ?? `line ${line}`, group, inputs, expected };
}

type Add = (path: string, message: string, hint?: string) => void;

/** Two metrics may say the same of one value. */
const onceEach = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map((one) => [`${one.path} ${one.message}`, one])).values(),
];

function nameOf(field: 'id' | 'group', given: Record<string, unknown>, add: Add): string | undefined {
  const value = given[field];
  if (value === undefined) return undefined;
  const text = typeof value === 'string' || Number.isFinite(value) ? String(value).trim() : '';
  if (text !== '' && text.length <= 200 && !/\p{Cc}/u.test(text)) return text;
  add(field, `expected a text of 1 to 200 characters or a number, got ${kindOf(value)}.`);
  return undefined;
}

function readInputs(given: Record<string, unknown>, signature: ModelSignature, add: Add): Record<string, unknown> {
  if (given['request'] !== undefined) {
    const hint = 'Give the tensors of the model as inputs.';
    add('request', 'is a request of a task, and the model has no task:.', hint);
    return {};
  }
  const inputs = given['inputs'];
  if (inputs === undefined) {
    add('inputs', 'expected the tensors of the model, got nothing.');
    return {};
  }
  const required = signature.inputs.filter(({ optional }) => !optional);
  const bare = typeof inputs !== 'object' || inputs === null || Array.isArray(inputs);
  const byName = bare && required.length === 1 ? { [required[0]!.name]: inputs } : inputs;
  // What values are is nobody's to read in a log.
  const kind = (got: string) => (/^["\d-]/.test(got) && !/^\d+ elements?$/.test(got) ? 'another value' : got);
  for (const { path, expected, got } of checkSample({ inputs: byName }, signature).problems) {
    add(path, `expected ${expected}, got ${kind(got)}.`);
  }
  return byName as Record<string, unknown>;
}

function expectedOf(value: unknown, scoring: Scoring, add: Add): Expected[] {
  if (value === undefined || value === null || value === '') {
    add('expected', `expected what the model should answer, got ${value === '' ? 'nothing' : kindOf(value)}.`);
    return [];
  }
  try {
    return [readExpected(numeric(value, scoring), scoring)];
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    add('expected', `expected ${error.expected} for ${scoring.metric}, got ${error.got}.`);
    return [];
  }
}

/** Cells of CSV are text; where only numbers can be meant they are those. */
function numeric(value: unknown, { metric, dtype, labels }: Scoring): unknown {
  if (typeof value !== 'string' || value.trim() === '' || Number.isNaN(Number(value))) return value;
  const numbers = metric === 'mae' || metric === 'rmse' || metric === 'cosine';
  const isClass = dtype.includes('float') && !labels?.includes(value);
  return numbers || (isClass && metric !== 'cer') ? Number(value) : value;
}

/** Digest of an item's inputs, and of the item: what is the same to the models, and what is the same example. */
export function digestsOf({ inputs, expected, group }: Item): { inputs: string; item: string } {
  const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
  const own = digest(Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { inputs: own, item: digest([own, expected, group ?? null]) };
}
