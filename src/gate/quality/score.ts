import { type Expected, isFloat, type Scoring } from './expected.ts';
import type { QualityMetric } from './options.ts';

/** An output of the model as it was answered, its elements flat. */
export interface AnswerTensor {
  shape: readonly number[];
  data: readonly (number | string | boolean)[];
}

/** Of one item. @property value 1 right, 0 wrong, or a loss; `null`: the answer is no answer, and why */
export type Score = { value: number; predicted?: string } | { value: null; why: string };

/** JSON has no not-a-number: such elements come as text. */
const numbersOf = ({ data }: AnswerTensor): number[] => data.map(Number);
const none = (why: string): Score => ({ value: null, why });
const notANumber = none('an answer that is not a number');

function indexOfLargest(values: readonly number[], from = 0, count = values.length): number {
  let best = from;
  for (let at = from + 1; at < from + count; at += 1) if (values[at]! > values[best]!) best = at;
  return best - from;
}

function scoreClass(name: string, answer: AnswerTensor, { metric, k, dtype, labels }: Scoring): Score {
  if (!isFloat(dtype)) {
    if (answer.data.length !== 1) return none(`${answer.data.length} classes where one is expected`);
    const [said] = answer.data;
    const predicted = typeof said === 'boolean' ? String(Number(said)) : String(said);
    return { value: Number(predicted === name), predicted };
  }
  const scores = numbersOf(answer);
  const columns = answer.shape.at(-1) ?? 0;
  if (scores.length !== columns) return none(`scores of ${scores.length / (columns || 1)} rows where one is expected`);
  if (scores.length === 0 || scores.some(Number.isNaN)) return notANumber;
  const nameOf = (at: number) => String(labels?.[at] ?? at);
  // One number is the probability of class 1 of two.
  const best = columns === 1 ? Number(scores[0]! > 0.5) : indexOfLargest(scores);
  const predicted = nameOf(best);
  if (metric !== 'top-k') return { value: Number(predicted === name), predicted };
  const own = scores.findIndex((_, at) => nameOf(at) === name);
  const above =
    own < 0 ? k : scores.filter((score, at) => score > scores[own]! || (score === scores[own] && at < own)).length;
  return { value: Number(above < k), predicted };
}

function scoreNumbers(values: readonly number[], answer: AnswerTensor, metric: QualityMetric): Score {
  const got = numbersOf(answer);
  if (got.length !== values.length) return none(`${got.length} numbers where ${values.length} are expected`);
  if (!got.every(Number.isFinite)) return notANumber;
  const mean = (of: (at: number) => number) => got.reduce((sum, _, at) => sum + of(at), 0) / got.length;
  if (metric === 'mae') return { value: mean((at) => Math.abs(got[at]! - values[at]!)) };
  if (metric === 'rmse') return { value: Math.sqrt(mean((at) => (got[at]! - values[at]!) ** 2)) };
  const length = (list: readonly number[]) => Math.hypot(...list);
  const product = got.reduce((sum, value, at) => sum + value * values[at]!, 0);
  const lengths = length(got) * length(values);
  return lengths > 0 ? { value: Math.max(0, 1 - product / lengths) } : none('a vector without a length');
}

/** Letters added, left out or exchanged. */
function editDistance(a: readonly unknown[], b: readonly unknown[]): number {
  let row = b.map((_, at) => at + 1);
  for (const [i, left] of a.entries()) {
    let [corner, before] = [i, i + 1];
    row = row.map((above, j) => {
      before = Math.min(above + 1, before + 1, corner + Number(left !== b[j]));
      corner = above;
      return before;
    });
  }
  return b.length === 0 ? a.length : row.at(-1)!;
}

/** Of scores for each step: the best of each, repetitions once, without the blank, which is class 0 (CTC, greedily). */
function stepsOf(answer: AnswerTensor): number[] | undefined {
  const columns = answer.shape.at(-1) ?? 0;
  const scores = numbersOf(answer);
  if (columns < 2 || scores.some(Number.isNaN)) return undefined;
  const best = Array.from({ length: scores.length / columns }, (_, step) =>
    indexOfLargest(scores, step * columns, columns),
  );
  return best.filter((one, at) => one !== 0 && one !== best[at - 1]);
}

function scoreSequence(values: readonly (number | string)[], answer: AnswerTensor, { metric, dtype }: Scoring): Score {
  const plain = answer.data.map((one) => (typeof one === 'boolean' ? Number(one) : one));
  if (metric === 'exact') {
    const same = plain.length === values.length && plain.every((one, at) => String(one) === String(values[at]));
    return { value: Number(same) };
  }
  if (dtype === 'string' && plain.length !== 1) return none(`${plain.length} texts where one is expected`);
  const got = dtype === 'string' ? [...String(plain[0])] : isFloat(dtype) ? stepsOf(answer) : plain;
  return got ? { value: editDistance(got, values) / Math.max(1, values.length) } : notANumber;
}

/** Scores one answer of a model. */
export function score(expected: Expected, answer: AnswerTensor, scoring: Scoring): Score {
  if (expected.kind === 'class') return scoreClass(expected.name, answer, scoring);
  if (expected.kind === 'numbers') return scoreNumbers(expected.values, answer, scoring.metric);
  return scoreSequence(expected.values, answer, scoring);
}
