import { readAll, type Store } from '../../stores/store.ts';

/** One property of a store, tried out. */
export interface StoreCheck {
  name: string;
  /** What is proved when it passes, as one sentence. */
  proved: string;
  /** Promotions rest on it: a store that fails is not trusted with a pointer. */
  critical: boolean;
  /**
   * Runs the check under the key, which is new; returns what it saw, or throws Unmet with what it saw instead.
   * @param now the time of this machine
   */
  run(store: Store, key: string, now: () => Date): Promise<string>;
}

/** The store did something else than its interface promises. */
export class Unmet extends Error {}

/** A small body. */
export const text = (words: string): Uint8Array => Buffer.from(words, 'utf8');

/** What is stored there, or `nothing`. */
export async function contentOf(store: Store, key: string): Promise<string> {
  if (!(await store.head(key))) return 'nothing';
  return Buffer.from(await readAll(await store.get(key))).toString('utf8');
}
