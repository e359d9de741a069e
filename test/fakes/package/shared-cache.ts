import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FolderCache } from '../../../src/package/folder-cache.ts';

/** A shared cache in memory: what was saved under a key comes back. */
export class SharedCache implements FolderCache {
  /** Files by name, by key. */
  readonly saved = new Map<string, Record<string, string | Buffer>>();

  async save(folder: string, key: string): Promise<void> {
    const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]);
    this.saved.set(key, Object.fromEntries(files));
  }

  async restore(folder: string, key: string): Promise<boolean> {
    const files = this.saved.get(key);
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of Object.entries(files ?? {})) writeFileSync(join(folder, name), content);
    return files !== undefined;
  }
}

const fail = (): Promise<never> => Promise.reject(new Error('service unavailable'));

/** One that is down. */
export const failingCache: FolderCache = { restore: fail, save: fail };
