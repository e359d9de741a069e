import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ColdgateError, exitCodes } from '../../errors.ts';
import { DeniedError, StoreError, UnavailableError } from '../store.ts';

interface Where {
  store: string;
  key?: string | undefined;
}

/** The system's error code (`ENOENT`), or nothing for what is not a system error. */
export function errnoOf(thrown: unknown): string | undefined {
  const code = thrown instanceof Error && 'syscall' in thrown && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

const full: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file system takes no file of this size',
};
const refused = new Set(['EACCES', 'EPERM', 'EROFS']);
const inTheWay = new Set(['ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST']);

/** Two users that share a folder, root in a container and then a runner's user, are the usual reason of a refusal. */
function ownersOf(thrown: unknown): string | undefined {
  const uid = process.getuid?.();
  let path = thrown instanceof Error && 'path' in thrown ? String(thrown.path) : '';
  for (let found = statOf(path); path !== ''; found = statOf(path)) {
    if (found) return found.uid === uid || uid === undefined ? undefined : sharing(path, found.uid, uid);
    path = path === dirname(path) ? '' : dirname(path);
  }
  return undefined;
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

const sharing = (path: string, owner: number, uid: number): string =>
  `${path} belongs to user ${owner}, and this is user ${uid}. Give the whole folder to one of them (chown -R), or let both share it: a group of both (chgrp -R), chmod -R g+rwX, chmod g+s on its folders, and umask 002 for both.`;

/**
 * Returns the store error for a failed system call: DeniedError, StoreError `key-conflict` where a folder stands in an
 * object's place or the other way round, `bad-key` for what the file system cannot name, else UnavailableError. Any
 * other error is returned unchanged.
 */
export function explain(thrown: unknown, doing: string, where: Where): unknown {
  const code = errnoOf(thrown);
  if (thrown instanceof ColdgateError || code === undefined) return thrown;
  const { store, key } = where;
  const what = key === undefined ? store : `${key} in ${store}`;
  const fields = { ...where, cause: thrown };
  if (refused.has(code)) {
    const why = code === 'EROFS' ? 'the file system is mounted read-only' : `the system does not allow it (${code})`;
    const hint = ownersOf(thrown) ?? 'Check the owner, the permissions and the mount of the folder.';
    return new DeniedError(`Could not ${doing} ${what}: ${why}.`, { ...fields, hint });
  }
  if (inTheWay.has(code)) {
    const message = `Could not ${doing} ${what}: a file stands where a folder is needed, or the other way round (${code}).`;
    const hint =
      'A folder of files cannot hold an object under a name that also begins other keys; rename one of them.';
    return new StoreError('key-conflict', exitCodes.conflict, message, { ...fields, hint });
  }
  if (code === 'ENAMETOOLONG' || code === 'EILSEQ') {
    const message = `Could not ${doing} ${what}: the file system cannot have a file of this name (${code}).`;
    return new StoreError('bad-key', exitCodes.usage, message, { ...fields, hint: 'Choose a shorter, plainer name.' });
  }
  if (code === 'EXDEV') {
    const message = `Could not ${doing} ${what}: part of the store's folder is on another file system.`;
    const hint = 'Keep the whole folder on one file system; nothing can be moved into place atomically between two.';
    return new UnavailableError(message, { ...fields, hint });
  }
  const hint = full[code] ? 'Free some space (coldgate prune removes old versions) and run this again.' : undefined;
  return new UnavailableError(`Could not ${doing} ${what}: ${full[code] ?? `the system answered ${code}`}.`, {
    ...fields,
    hint,
  });
}

/** Runs the driver's own calls; never the caller's stream, whose errors are the caller's. */
export async function explained<T>(doing: string, where: Where, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw explain(thrown, doing, where);
  }
}
