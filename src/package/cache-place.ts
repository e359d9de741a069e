import { mkdir } from 'node:fs/promises';
import { sep } from 'node:path';
import { ColdgateError, exitCodes } from '../errors.ts';

/**
 * Runs work that writes to the cache. Throws ColdgateError `no-cache` (exit 2) where the folder, or another user's file
 * in it, cannot be written; other errors are thrown unchanged.
 */
export async function inCache<T>(cacheDir: string, work: () => Promise<T>): Promise<T> {
  try {
    await mkdir(cacheDir, { recursive: true });
    return await work();
  } catch (error) {
    const { code, path, dest } = error as NodeJS.ErrnoException & { dest?: string };
    const place = [path, dest].find((one) => one !== undefined && isNear(one, cacheDir));
    if (error instanceof ColdgateError || code === undefined || place === undefined) throw error;
    throw new ColdgateError('no-cache', exitCodes.usage, `${cacheDir} cannot keep what is made: ${code} at ${place}.`, {
      cause: error,
      hint:
        code === 'ENOSPC' || code === 'EDQUOT'
          ? 'Make room there, or set COLDGATE_CACHE to a folder on another disk.'
          : 'Set COLDGATE_CACHE to a folder that this user can write, or HOME to the user’s home folder.',
    });
  }
}

/** In the cache or on the way to it: a folder above that cannot be entered names itself. */
const isNear = (path: string, cacheDir: string): boolean =>
  path === cacheDir || path.startsWith(`${cacheDir}${sep}`) || cacheDir.startsWith(`${path}${sep}`);
