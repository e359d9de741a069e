import { rangeOf } from './external-ranges.ts';
import { ModelFault } from './model-fault.ts';
import { readModelHead } from './read-head.ts';

/**
 * The files beside the model that it keeps tensors in, by its head alone: paths relative to its folder. `label` is how
 * messages name the model. Throws as `readModelHead` does, and IntegrityError `external-data`.
 */
export async function externalNames(model: string, label: string): Promise<string[]> {
  const { externalData } = await readModelHead(model, label);
  try {
    return [...new Set(externalData.map((tensor) => rangeOf(tensor).path))];
  } catch (error) {
    throw error instanceof ModelFault ? error.toError(label) : error;
  }
}
