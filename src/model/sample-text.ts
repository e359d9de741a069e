import type { Sample } from './sample.ts';
import { elementsToJson } from './tensor-format.ts';
import type { ParsedTensor } from './tensor-json.ts';

type Tensors = ReadonlyMap<string, ParsedTensor>;

/** Tensors as a golden sample has them: floats in few digits, int64 beyond 2^53 and not-a-number as text. */
export const sampleTensors = (tensors: Tensors): NonNullable<Sample['outputs']> =>
  Object.fromEntries(
    [...tensors].map(([name, { dtype, shape, data }]) => [name, { dtype, shape, data: elementsToJson(dtype, data) }]),
  );

/** A golden sample as a file, a line for each tensor, so that a change of one is a change of one line. */
export function sampleText(sample: Pick<Sample, 'inputs' | 'outputs'>): string {
  const sections = Object.entries({ inputs: sample.inputs, outputs: sample.outputs }).filter(([, tensors]) => tensors);
  const written = sections.map(([field, tensors]) => {
    const lines = Object.entries(tensors ?? {}).map(
      ([name, tensor]) => `    ${JSON.stringify(name)}: ${JSON.stringify(tensor)}`,
    );
    return `  "${field}": {\n${lines.join(',\n')}\n  }`;
  });
  return `{\n${written.join(',\n')}\n}\n`;
}
