import { chmodSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Folders that instances run from and may not write to. */
export class ReadOnlyFolders {
  /** What each held when it was locked. */
  readonly #inventories = new Map<string, string>();

  has(folder: string): boolean {
    return this.#inventories.has(folder);
  }

  lock(folder: string): void {
    for (const path of foldersOf(folder)) chmodSync(path, 0o555);
    this.#inventories.set(folder, inventory(folder));
  }

  /** What instances have changed all the same. */
  changes(): string[] {
    return [...this.#inventories]
      .filter(([folder, before]) => inventory(folder) !== before)
      .map(([folder]) => `an instance has written to its working directory ${folder}`);
  }
}

const inventory = (folder: string): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { size, mtimeMs, mode } = statSync(join(folder, name));
      return `${name} ${size} ${mtimeMs} ${mode}`;
    })
    .join('\n');

const foldersOf = (folder: string): string[] => [
  folder,
  ...readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name)),
];

/** Removes a folder, read-only parts too. */
export function removeTree(folder: string): void {
  if (!existsSync(folder)) return;
  for (let more = [folder]; more.length > 0; ) {
    const path = more.pop() as string;
    chmodSync(path, 0o755);
    more = more.concat(
      readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(path, entry.name)),
    );
  }
  rmSync(folder, { recursive: true, force: true });
}
