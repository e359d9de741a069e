import { InputError } from '../../errors.ts';
import type { ElementJson } from '../../model/tensor-format.ts';

/** A tensor as a file has it, not yet held against the model. */
export interface GivenTensor {
  /** Undefined where the file has no name for it. */
  name: string | undefined;
  /** Nested lists, or `{ shape, data }`. */
  json: unknown;
  /** The name is only what the array was called where it came from. */
  loose?: true;
}

export const flatTensor = (
  shape: readonly number[],
  data: readonly ElementJson[],
): { shape: number[]; data: ElementJson[] } => ({
  shape: [...shape],
  data: [...data],
});

/** A file of inputs is not what it should be. @param label how messages name it */
export const badInputs = (label: string, message: string, hint?: string, line?: number): InputError =>
  new InputError([{ path: '', file: label, line, message, hint }], { code: 'bad-inputs' });
