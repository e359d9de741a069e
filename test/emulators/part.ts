import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '../../src/log.ts';
import { withLock } from '../../src/targets/local/lock.ts';
import { systemProcesses } from '../../src/targets/local/process-table.ts';

/** Where parts and what runs of them live; git ignores it, and it may be removed at any time that nothing runs. */
export const cache = join(import.meta.dirname, '../../.cache/emulators');

/** Something that tests need and the repository does not hold. */
export interface Part {
  name: string;
  version: string;
  /** Who serves it: npm, PyPI, Go, Debian. */
  from: string;
  /** Takes minutes to install: not before a run of a few files. */
  slow?: true;
  /** Why this machine cannot install it, found out at once and without a network. */
  lacks(): string | undefined;
  /** Puts everything into the folder, which is empty. Throws what went wrong. */
  install(folder: string): Promise<void>;
  /** Path of one that the machine has of itself, which then serves. */
  found?(): string | undefined;
}

export const folderOf = (part: Part): string => join(cache, `${part.name}-${part.version}`);

/** Why it could not be installed the last time; asked again by `npm run emulators -- install`. */
const refusalOf = (part: Part): string => `${folderOf(part)}.refused`;

/** Why the part cannot be used; nothing when it can. */
export function whyNot(part: Part): string | undefined {
  if (part.found?.() !== undefined || existsSync(folderOf(part))) return undefined;
  const lacking = part.lacks();
  if (lacking !== undefined) return lacking;
  if (existsSync(refusalOf(part))) return readFileSync(refusalOf(part), 'utf8').trim();
  return `it is not installed: npm run emulators -- install ${part.name}`;
}

/** Whether to ask for it: absent, possible here, and not refused before (unless `again`). */
export const isWanted = (part: Part, again: boolean): boolean =>
  part.found?.() === undefined &&
  !existsSync(folderOf(part)) &&
  part.lacks() === undefined &&
  (again || !existsSync(refusalOf(part)));

const installPatienceMs = 30 * 60_000;

/** Installs it beside and renames, so that a killed install leaves no half one; two processes do not do it twice. */
export async function install(part: Part): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const folder = folderOf(part);
  const { signal } = new AbortController();
  const lock = { table: systemProcesses, log: silentLogger, signal, patienceMs: installPatienceMs };
  await withLock(`${folder}.lock`, lock, async () => {
    if (existsSync(folder)) return;
    removeUnfinished(`${part.name}-`);
    const unfinished = `${folder}.unfinished`;
    mkdirSync(unfinished);
    try {
      await part.install(unfinished);
      renameSync(unfinished, folder);
      rmSync(refusalOf(part), { force: true });
    } catch (error) {
      writeFileSync(refusalOf(part), `its install failed: ${(error as Error).message}\n`);
      throw error;
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  });
}

function removeUnfinished(prefix: string): void {
  for (const name of readdirSync(cache)) {
    if (name.startsWith(prefix) && name.endsWith('.unfinished')) rmSync(join(cache, name), { recursive: true });
  }
}
