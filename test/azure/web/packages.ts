import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { extractPackage } from '../../../src/package/unzip.ts';
import { ReadOnlyFolders, removeTree } from '../../fakes/clouds/read-only-folders.ts';
import type { Content } from './record.ts';

/** Packages that were published: mounted read-only, as a package is on Flex Consumption, once for equal bytes. */
export class Packages {
  readonly #root: string;
  readonly #folders = new ReadOnlyFolders();

  constructor(root: string) {
    this.#root = root;
  }

  /** Throws Error for what is no zip. */
  async mount(zip: Buffer): Promise<Content> {
    const sha256 = createHash('sha256').update(zip).digest('hex');
    const folder = join(this.#root, sha256);
    if (this.#folders.has(folder)) return { folder, sha256 };
    mkdirSync(this.#root, { recursive: true });
    const path = join(this.#root, `${sha256}.zip`);
    writeFileSync(path, zip);
    await extractPackage({ path, sha256 }, this.#root);
    this.#folders.lock(folder);
    return { folder, sha256 };
  }

  changes(): string[] {
    return this.#folders.changes();
  }

  remove(): void {
    removeTree(this.#root);
  }
}
