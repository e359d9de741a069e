import type { Stats } from 'node:fs';
import { readdir, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize, relative, sep, win32 } from 'node:path';
import { nearest } from '../inputs.ts';

export interface SourceFault {
  message: string;
  hint?: string | undefined;
}

/** What is wrong with the text of a path, whatever it names. `written` is how the file spells it. */
export function pathFault(path: string, written: string): SourceFault | undefined {
  const hint = 'Paths are relative to models.yaml.';
  if (isAbsolute(path) || win32.isAbsolute(path) || /^[A-Za-z]:/.test(path)) {
    return { message: `expected a relative path, got ${written}, which is absolute.`, hint };
  }
  if (path.startsWith('~')) return { message: `expected a relative path, got ${written}; ~ means nothing here.`, hint };
  if (path.includes('\\')) return { message: `expected / between folders, got ${written}.`, hint };
  const normal = normalize(path);
  if (normal !== '..' && !normal.startsWith(`..${sep}`)) return undefined;
  return {
    message: `expected a path below the folder of models.yaml, got ${written}, which leaves it.`,
    hint: 'Move the file into the repository, or models.yaml further up.',
  };
}

/**
 * Looks at a file that models.yaml names: it must be there, be a regular file and, links followed, lie below `root`.
 * `path` has passed `pathFault`.
 */
export async function fileFault(path: string, written: string, root: string): Promise<SourceFault | undefined> {
  const full = join(root, path);
  try {
    const real = await realpath(full);
    const inside = relative(await realpath(root), real);
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
      const hint = 'Copy the file itself into the repository.';
      return { message: `expected a file of the repository, got ${written}, a link that leads out of it.`, hint };
    }
    const found = await stat(real);
    if (found.isFile()) return undefined;
    const hint = found.isDirectory() ? 'Name the file in it.' : 'Put a regular file in its place.';
    return { message: `expected a file, got ${kindOf(found)} ${written}.`, hint };
  } catch (error) {
    return await accessFault(error as NodeJS.ErrnoException, full, written);
  }
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'the directory';
  if (found.isFIFO()) return 'the named pipe';
  return found.isSocket() ? 'the socket' : 'the device';
}

async function accessFault(error: NodeJS.ErrnoException, full: string, written: string): Promise<SourceFault> {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
    const link = await readlink(full).catch(() => '');
    const what = link ? `a link to ${JSON.stringify(link)}, where there is none` : 'where there is none';
    const message = `expected a file, got ${written}, ${what}.`;
    const kept = await keptElsewhere(full, link);
    if (kept) return { message, hint: kept };
    if (link) return { message, hint: 'Bring what it leads to into the repository, or put the file itself here.' };
    const close = await similarFile(full);
    const checkout = 'Check the path, and that the file is checked out (Git LFS, .gitignore).';
    return { message, hint: close ? `Did you mean ${close}?` : checkout };
  }
  if (error.code === 'ELOOP') return { message: `expected a file, got ${written}, a link that leads to itself.` };
  return { message: `expected a file that can be read, got ${written} (${error.code ?? 'unreadable'}).` };
}

/** What brings the file here where a tool keeps its content: a pointer beside it, or a link into that tool's folder. */
async function keptElsewhere(full: string, link: string): Promise<string | undefined> {
  const name = basename(full);
  const beside = await stat(`${full}.dvc`).catch(() => undefined);
  if (beside?.isFile()) return `DVC keeps it: run \`dvc pull ${name}.dvc\` in its folder.`;
  return link.includes('.git/annex/objects') ? `git-annex keeps it: run \`git annex get ${name}\`.` : undefined;
}

async function similarFile(full: string): Promise<string | undefined> {
  try {
    const names = await readdir(dirname(full));
    return nearest(basename(full), names.slice(0, 1000));
  } catch {
    return undefined;
  }
}
