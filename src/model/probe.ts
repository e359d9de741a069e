import type { TensorJson } from './sample.ts';
import { countOf, maxElements, sizingsFor } from './sizings.ts';
import { filler } from './tensor-elements.ts';
import type { Dtype, TensorInfo } from './tensor-info.ts';
import type { ParsedTensor } from './tensor-json.ts';

/**
 * A made-up request that stands in for the golden sample of a version without one: tensors of these shapes whose
 * elements are all equal. The manifest keeps the one that the model answered when it was published, or, of a model that
 * answers none, one that a node of its graph refused for its values.
 */
export interface Probe {
  inputs: ProbeInput[];
  /** Value of every element: 0 or 1, false or true, "0" or "1". */
  fill: 0 | 1;
  /** It was not answered: the function may refuse it as well, by a node of its graph. */
  refused?: true;
}

export interface ProbeInput {
  name: string;
  dtype: Dtype;
  shape: number[];
}

/** Made-up requests for these inputs, in the order in which they are worth trying. Inputs that may be left out are. */
export function* probesFor(inputs: readonly TensorInfo[]): Generator<Probe> {
  const tried = new Set<string>();
  for (const { inputs: needed, shapes } of sizingsFor(inputs)) {
    const made = needed.map(({ name, dtype }, i) => ({ name, dtype, shape: shapes[i] as number[] }));
    const key = JSON.stringify(shapes);
    if (tried.has(key)) continue;
    tried.add(key);
    yield { inputs: made, fill: 1 };
    yield { inputs: made, fill: 0 };
  }
}

/** Whether stored JSON is a probe that can be run without harm. */
export function isProbe(value: unknown): value is Probe {
  if (typeof value !== 'object' || value === null) return false;
  const { inputs, fill, refused } = value as Partial<Probe>;
  if (refused !== undefined && refused !== true) return false;
  if ((fill !== 0 && fill !== 1) || !Array.isArray(inputs)) return false;
  const fits = ({ name, dtype, shape }: Partial<ProbeInput>): boolean =>
    typeof name === 'string' && typeof dtype === 'string' && Array.isArray(shape) && shape.every(isSize);
  if (!inputs.every((input) => typeof input === 'object' && input !== null && fits(input))) return false;
  return inputs.reduce((sum, input) => sum + countOf(input.shape), 0) <= maxElements;
}

const isSize = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** The tensors of a probe, for the runtime. Throws TensorError for a dtype that it does not take. */
export function probeTensors({ inputs, fill }: Probe): Map<string, ParsedTensor> {
  return new Map(
    inputs.map(({ name, dtype, shape }) => {
      const { data } = filler(dtype, countOf(shape), 'in');
      const one = filler(dtype, 1, 'in');
      one.fill(0, [elementOf(dtype, fill)], () => '');
      (data as unknown[]).fill(one.data[0]);
      return [name, { dtype, shape: [...shape], data }];
    }),
  );
}

/** A probe as the body of a request to `/v1/infer`. */
export const probeRequest = ({ inputs, fill }: Probe): { inputs: Record<string, TensorJson> } => ({
  inputs: Object.fromEntries(
    inputs.map(({ name, dtype, shape }) => {
      const data = new Array<number | boolean | string>(countOf(shape)).fill(elementOf(dtype, fill));
      return [name, { dtype, shape, data }];
    }),
  ),
});

/** Bytes of that body, roughly, before it is made. */
export const probeBytes = ({ inputs }: Probe): number =>
  inputs.reduce((sum, { name, dtype, shape }) => sum + countOf(shape) * bytesOf(dtype) + name.length + 64, 0);

/** Bytes of a request of its shapes as callers send it, roughly: floats have about ten digits, which made-up ones have not. */
export const usualBytes = ({ inputs }: Probe): number =>
  inputs.reduce((sum, { name, dtype, shape }) => sum + countOf(shape) * usualBytesOf(dtype) + name.length + 64, 0);

const usualBytesOf = (dtype: Dtype): number => {
  if (dtype.includes('float')) return 10;
  return dtype === 'uint8' || dtype === 'int8' ? 4 : 6;
};

const bytesOf = (dtype: Dtype): number => (dtype === 'string' ? 4 : dtype === 'bool' ? 6 : 2);

function elementOf(dtype: Dtype, fill: 0 | 1): number | boolean | string {
  if (dtype === 'bool') return fill === 1;
  return dtype === 'string' ? String(fill) : fill;
}
