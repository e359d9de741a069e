import { LoadError } from '../model/load-error.ts';

/** The object was replaced while it was being read. Reading it again as a whole gives the new one. */
export class ReplacedError extends LoadError {
  constructor(key: string, url: string) {
    super('store-unavailable', `${key} in ${url} was replaced while it was being read.`);
    this.name = 'ReplacedError';
  }
}

/** Reads as a whole, and once more where the object was replaced in the middle of it. */
export async function rereadIfReplaced<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ReplacedError)) throw error;
    return read();
  }
}
