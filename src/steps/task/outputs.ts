import type { Problem } from '../../errors.ts';
import { describeShape } from '../../model/tensor-error.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';

const floats: readonly string[] = ['float32', 'float64', 'float16'];

/**
 * The output that a task reads: the one that models.yaml names, else one of the usual names, else the first that fits.
 * @param at path of the task in models.yaml
 * @param ranks dimensions that it may have
 */
export function chooseOutput(
  at: string,
  given: string | undefined,
  outputs: readonly TensorInfo[],
  { usual, ranks, what }: { usual: readonly string[]; ranks: readonly number[]; what: string },
): { output: TensorInfo | undefined; problems: Problem[] } {
  const fits = ({ dtype, shape }: TensorInfo): boolean =>
    floats.includes(dtype) && (shape === null || ranks.includes(shape.length));
  const good = outputs.filter(fits);
  const named = given ?? usual.find((name) => good.some((output) => output.name === name)) ?? good[0]?.name;
  const output = outputs.find(({ name }) => name === named);
  if (output && fits(output)) return { output, problems: [] };
  const found = (output ? [output] : outputs).map(
    ({ name, dtype, shape }) => `${name} (${dtype} ${describeShape(shape)})`,
  );
  const message = `expected an output with ${what}, got ${found.join(', ')}.`;
  return { output: undefined, problems: [{ path: given === undefined ? at : `${at}.output`, message }] };
}
