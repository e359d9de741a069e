import { LoadError } from './load-error.ts';
import type { ServedModel } from './served-model.ts';

/** The model, once it has answered its golden sample; one that does not is closed. Throws LoadError then. */
export async function proven(model: ServedModel): Promise<ServedModel> {
  try {
    const sample = await model.prove();
    if (sample.status !== 'mismatch') return model;
    const { formatDifference } = await import('../../model/sample-compare.ts');
    throw new LoadError('sample-mismatch', `${model.version}: ${formatDifference(sample.difference)}.`);
  } catch (error) {
    // Why it is refused says more than why it would not close.
    await model.session.close().catch(() => {});
    throw error;
  }
}
