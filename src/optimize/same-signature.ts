import { IntegrityError } from '../errors.ts';
import { describeShape } from '../model/tensor-error.ts';
import type { TensorInfo } from '../model/tensor-info.ts';

/** The tensors that callers give and get. */
export interface Signature {
  inputs: readonly TensorInfo[];
  outputs: readonly TensorInfo[];
}

/**
 * A form is called as the original is: it must have the same inputs and outputs by name, type and number of dimensions,
 * in the same order, the same of them optional, and the same fixed dimensions of inputs; those of outputs are advice. Throws IntegrityError `parity` with the first that is otherwise.
 */
export function demandSameSignature(original: Signature, form: Signature): void {
  for (const way of ['inputs', 'outputs'] as const) {
    const [wanted, found] = [original[way], form[way]];
    for (let at = 0; at < Math.max(wanted.length, found.length); at++) {
      const [want, got] = [wanted[at], found[at]];
      const fits = want && got && isSame(want, got) && (way === 'outputs' || isSameSize(want, got));
      if (fits) continue;
      const message = `The optimised model has other ${way} than the original: expected ${describe(want)}, got ${describe(got)}.`;
      throw new IntegrityError('parity', message, { hint: 'Publish with `optimize: off`.' });
    }
  }
}

const isSame = (want: TensorInfo, got: TensorInfo): boolean =>
  want.name === got.name && want.dtype === got.dtype && want.optional === got.optional && isSameRank(want, got);

/** The runtime finds out ranks that the model does not declare, more of them the further it optimises. */
function isSameRank({ shape: want }: TensorInfo, { shape: got }: TensorInfo): boolean {
  const undeclared = want === null || got === null || want.length === 0 || got.length === 0;
  return undeclared || want.length === got.length;
}

/** Callers are held to a fixed dimension, and to no other. */
function isSameSize({ shape: want }: TensorInfo, { shape: got }: TensorInfo): boolean {
  const fixed = (size: number | string | undefined): number | undefined =>
    typeof size === 'number' ? size : undefined;
  return (want ?? []).every((size, axis) => got === null || fixed(size) === fixed(got[axis]) || got.length === 0);
}

function describe(info: TensorInfo | undefined): string {
  if (!info) return 'no more';
  return `${info.optional ? 'optional ' : ''}${info.name} (${info.dtype} ${describeShape(info.shape)})`;
}
