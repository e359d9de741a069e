import { AlreadyExistsError, type Precondition, PreconditionError } from '../store.ts';
import type { AzureContext } from './context.ts';
import { headBlob } from './info.ts';

/** A look before much is sent. What counts is the condition of the write itself. */
export async function lookEarly(context: AzureContext, key: string, when: Precondition): Promise<void> {
  const found = await headBlob(context, key);
  if (when === 'absent') {
    if (found) throw new AlreadyExistsError(context.place.url, key);
  } else if (found?.token !== when.unchanged) throw new PreconditionError(context.place.url, key);
}
