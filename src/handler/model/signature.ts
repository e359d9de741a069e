import { RequestError } from '../http/request-error.ts';
import type { Signature } from '../session/session.ts';
import type { ServedModel } from './served-model.ts';

/**
 * Reads a request by the runtime's description of the model, and if that refuses it once more by what the version
 * declares: so that only such a request may have to wait for the manifest. Throws what `read` throws.
 */
export async function readRequest<T>(model: ServedModel, read: (signature: Signature) => T): Promise<T> {
  try {
    return read(model.session);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const declared = await model.declared();
    if (!declared) throw error;
    return read(declared);
  }
}
