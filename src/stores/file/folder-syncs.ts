import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './fault.ts';

/** Some file systems and systems cannot open or sync a folder; there the entry is as durable as they make it. */
const unsyncable = new Set(['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM', 'EBADF']);

/** Makes the names in a folder durable. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (!unsyncable.has(errnoOf(thrown) ?? '')) throw thrown;
  }
}

/** Makes names in folders durable; writes that end at the same time share what one of them would have done alone. */
export class FolderSyncs {
  /** What runs now, and what begins after it. */
  readonly #running = new Map<string, { now: Promise<void>; after?: Promise<void> }>();
  /** Folders whose own names, up to the root, are known to be durable. */
  readonly #durable = new Set<string>();

  /** The names that are in the folder when this is called. */
  sync(folder: string): Promise<void> {
    const running = this.#running.get(folder);
    if (!running) return this.#begin(folder);
    // One that runs may have looked before our name was there.
    running.after ??= running.now.catch(() => {}).then(() => this.#begin(folder));
    return running.after;
  }

  #begin(folder: string): Promise<void> {
    const now = syncFolder(folder);
    const entry = { now };
    this.#running.set(folder, entry);
    const end = () => {
      if (this.#running.get(folder) === entry) this.#running.delete(folder);
    };
    now.then(end, end);
    return now;
  }

  /** The same for the folders that lead to it from the root, innermost last; `made` where one of them is new. */
  async syncUpTo(root: string, folder: string, made: boolean): Promise<void> {
    if (made) this.#durable.delete(folder);
    if (!this.#durable.has(folder) && folder !== root && folder.startsWith(root)) {
      await this.syncUpTo(root, dirname(folder), made);
    }
    await this.sync(folder);
    this.#durable.add(folder);
  }

  /** The names in a folder after a removal: another one next door may have taken it away as empty. */
  async syncIfThere(folder: string): Promise<void> {
    try {
      await this.sync(folder);
    } catch (thrown) {
      if (errnoOf(thrown) !== 'ENOENT') throw thrown;
    }
  }
}
