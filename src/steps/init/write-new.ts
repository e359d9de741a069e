import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A file that `init` wants, and what is to be done where one is there already. */
export interface Wanted {
  /** Relative to the repository. */
  path: string;
  text: string;
  /** Why somebody would want it. */
  why: string;
}

export type Written = Wanted & { written: boolean };

/** Writes a file where there is none; what is there stays as it is. */
export async function writeNew(root: string, wanted: Wanted): Promise<Written> {
  const file = join(root, wanted.path);
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, wanted.text, { flag: 'wx' });
    return { ...wanted, written: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return { ...wanted, written: false };
  }
}
