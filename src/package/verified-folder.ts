import { lstat, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileDigest } from './digest.ts';

/** What a file of a folder must be. `name` is relative and may have `/`-separated parts. */
export interface ExpectedFile {
  name: string;
  size: number;
  sha256: string;
}

const temporary = '.making-';
/** Age at which a temporary folder is a leftover of a killed process and not work in progress. */
const leftoverMs = 24 * 3600 * 1000;

/** Whether the file itself, no link to one, is there with that size and digest. The size is looked at first: it is free. */
export async function fileMatches(path: string, expected: { size: number; sha256: string }): Promise<boolean> {
  try {
    const found = await lstat(path);
    return (
      found.isFile() && found.size === expected.size && (await fileDigest(path, 'sha256', 'hex')) === expected.sha256
    );
  } catch {
    return false;
  }
}

/** Whether the folder holds exactly these files, each verified: hashing 46 MB takes about 30 ms, a bad cache an hour. */
export async function folderMatches(dir: string, files: readonly ExpectedFile[]): Promise<boolean> {
  try {
    const found = await readdir(dir, { recursive: true, withFileTypes: true });
    if (found.filter((entry) => !entry.isDirectory()).length !== files.length) return false;
  } catch {
    return false;
  }
  for (const file of files) if (!(await fileMatches(join(dir, file.name), file))) return false;
  return true;
}

/**
 * Makes a folder appear complete or not at all: filled under a temporary name beside it, then renamed. Of several
 * processes one wins and the others find its work; a damaged folder is moved away first, so that processes which have
 * files of it open or mapped keep their bytes.
 */
export async function publishFolder(
  dir: string,
  isGood: (dir: string) => Promise<boolean>,
  fill: (temp: string) => Promise<void>,
): Promise<void> {
  const parent = dirname(dir);
  await mkdir(parent, { recursive: true });
  await removeLeftovers(parent);
  const temp = await mkdtemp(join(parent, `${temporary}${basename(dir)}-`));
  try {
    await fill(temp);
    await moveInto(temp, dir, isGood);
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

async function moveInto(temp: string, dir: string, isGood: (dir: string) => Promise<boolean>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(temp, dir);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code) || attempt === 5) throw error;
      if (await isGood(dir)) return;
      await discard(dir);
    }
  }
}

/** Removes whatever is at the path; its name is free at once. */
export async function discard(path: string): Promise<void> {
  const away = `${join(dirname(path), temporary)}gone-${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    await rename(path, away);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await rm(away, { recursive: true, force: true });
}

async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(temporary)) continue;
    const path = join(parent, name);
    const age = await stat(path).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > leftoverMs) await rm(path, { recursive: true, force: true });
  }
}
