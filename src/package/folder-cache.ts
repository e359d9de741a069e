import type { Logger } from '../log.ts';

/** Keeps folders between runs, where the edge has such a place. Its failures only cost time. */
export interface FolderCache {
  restore(folder: string, key: string): Promise<boolean>;
  save(folder: string, key: string): Promise<void>;
}

/** Does the work with the shared cache, if it lets us; undefined where it fails. */
export async function quietly<T>(
  log: Logger,
  what: 'restore from' | 'save to',
  work: () => Promise<T> | undefined,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    log.debug(`Could not ${what} the shared cache: ${(error as Error).message}`);
    return undefined;
  }
}
