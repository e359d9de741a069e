import { shortFloat32 } from '../model/short-float.ts';
import type { ScoreRule } from '../model/task.ts';
import type { ClassLabel } from '../model/tensor-info.ts';

export interface Scored {
  label: ClassLabel;
  score: FloatJson;
}

/** A float32 in as few digits as read back as it; what is not finite as text, for which JSON has no number. */
export type FloatJson = number | string;

/** JSON Schema of a float as answers have it. */
export const floatSchema = { oneOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] };

/** JSON Schema of a list of labels with scores. */
export const scoredSchema = (labels: readonly ClassLabel[]) => ({
  type: 'array',
  items: {
    type: 'object',
    required: ['label', 'score'],
    properties: { label: { enum: [...new Set(labels)] }, score: floatSchema },
  },
});

/** Scores of one row of logits. */
export function scoresOf(logits: Float64Array, rule: ScoreRule): Float64Array {
  if (rule === 'none') return logits;
  if (rule === 'sigmoid') return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  const highest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const powers = logits.map((logit) => Math.exp(logit - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** The best of a row by falling score; of equal ones the first column. */
export function bestOf(scores: Float64Array, labels: readonly ClassLabel[], top: number): Scored[] {
  const order = Array.from(scores, (_score, column) => column).sort((a, b) => scores[b]! - scores[a]! || a - b);
  return order
    .slice(0, top)
    .map((column) => ({ label: labels[column] as ClassLabel, score: toFloatJson(scores[column]!) }));
}

export const toFloatJson = (value: number): FloatJson =>
  Number.isFinite(value) ? shortFloat32(Math.fround(value)) : String(value);
