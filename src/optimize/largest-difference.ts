import type { Tensors } from '../handler/session/session.ts';
import { type ElementJson, exactElements } from '../model/tensor-format.ts';
import type { ParsedTensor } from '../model/tensor-json.ts';

export interface LargestDifference {
  output: string;
  absolute: number;
  /** Absolute difference over the scale of the output: its largest absolute value as the reference has it, or `smallest`. */
  relative: number;
}

/**
 * The output that is furthest off. What cannot be measured (another shape, text, a NaN in one alone) is infinitely far.
 * `smallest` is the least scale of an output: below it, a difference between tiny numbers is no more than their last digit.
 */
export function largestDifference(want: Tensors, got: Tensors, smallest: number): LargestDifference {
  let worst: LargestDifference = { output: '', absolute: 0, relative: 0 };
  for (const [output, reference] of want) {
    const other = got.get(output);
    const found = other ? compareTensors(reference, other, smallest) : infinitely;
    if (found.relative > worst.relative || worst.output === '') worst = { output, ...found };
  }
  return worst;
}

const infinitely = { absolute: Number.POSITIVE_INFINITY, relative: Number.POSITIVE_INFINITY };

function compareTensors(want: ParsedTensor, got: ParsedTensor, smallest: number): Omit<LargestDifference, 'output'> {
  if (want.dtype !== got.dtype || want.shape.join() !== got.shape.join()) return infinitely;
  const wanted = exactElements(want.dtype, want.data);
  const gotten = exactElements(got.dtype, got.data);
  const exact = !want.dtype.includes('float');
  let absolute = 0;
  let largest = 0;
  for (const [i, value] of wanted.entries()) {
    const distance = distanceOf(value, gotten[i] as ElementJson, exact);
    absolute = Math.max(absolute, distance);
    if (typeof value === 'number') largest = Math.max(largest, Math.abs(value));
  }
  return { absolute, relative: absolute / Math.max(largest, smallest) };
}

/** Only floats may differ at all; NaN and the infinities are spelled, so equal ones are equal. */
function distanceOf(want: ElementJson, got: ElementJson, exact: boolean): number {
  if (want === got) return 0;
  if (exact || typeof want !== 'number' || typeof got !== 'number') return Number.POSITIVE_INFINITY;
  return Math.abs(want - got);
}
