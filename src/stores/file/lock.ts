import { chmodSync, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes } from '../../errors.ts';
import { DeniedError, StoreError, UnavailableError } from '../store.ts';
import type { FileContext } from './context.ts';
import type { FileLocation } from './layout.ts';
import { loadSqlite } from './sqlite.ts';

/** Primary result codes, https://www.sqlite.org/rescode.html (the low byte of an extended one). */
const busy = 5;
const readOnly = 8;
const cannotOpen = 14;

function resultCode(thrown: unknown): number | undefined {
  const code = thrown instanceof Error && 'errcode' in thrown ? thrown.errcode : undefined;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/**
 * Node has no API for a kernel lock on a file, but its built-in SQLite takes one: a write transaction holds a POSIX
 * byte-range lock (https://www.sqlite.org/lockingv3.html, RESERVED). The file stays empty and nothing is ever written.
 * Why it is correct: the kernel gives the lock to one process at a time and releases it when that process ends, however
 * it ends, so there is no stale lock to judge and none to steal from a holder that is merely paused. Lock files are
 * never deleted, as a lock on a deleted file excludes no one. Nothing else in this process may open one: closing any
 * descriptor of a file drops the process's POSIX locks on it (SQLite itself takes care of that).
 */
function openLock(file: string): DatabaseSync {
  const { DatabaseSync } = loadSqlite();
  const fresh = !existsSync(file);
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    // SQLite creates with 0644; users who share the folder by group need what the folder grants.
    if (fresh) chmodSync(file, statSync(dirname(file)).mode & 0o666);
  } catch {
    // Another user made it in the same moment.
  }
  return lock;
}

function tryLock(lock: DatabaseSync): boolean {
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE');
    return true;
  } catch (thrown) {
    if (resultCode(thrown) === busy) return false;
    throw thrown;
  }
}

function explainLock(thrown: unknown, { store }: FileContext, { key, lock }: FileLocation): unknown {
  const code = resultCode(thrown);
  if (code === undefined) return thrown;
  const fields = { store, key, cause: thrown };
  if (code === readOnly || code === cannotOpen) {
    const hint = `Give this user write permission on ${dirname(lock)} and the files in it.`;
    return new DeniedError(`Could not lock ${key} in ${store}: ${lock} cannot be opened for writing.`, {
      ...fields,
      hint,
    });
  }
  const hint = 'The file system may not support locks (fcntl): keep the store on a local disk, or on NFS 4.';
  return new UnavailableError(`Could not lock ${key} in ${store}: SQLite answered ${code} for ${lock}.`, {
    ...fields,
    hint,
  });
}

/**
 * Runs the work while no other process or call works on the key (or another key of its slot). Keep the work short.
 * Throws StoreError `store-locked` (exit 6) when the lock was not free within `lockWaitMs`, DeniedError or
 * UnavailableError where the file system supports none.
 */
export async function withLock<T>(context: FileContext, place: FileLocation, work: () => Promise<T>): Promise<T> {
  let lock: DatabaseSync | undefined;
  try {
    lock = openLock(place.lock);
    await waitFor(lock, context, place);
  } catch (thrown) {
    lock?.close();
    throw explainLock(thrown, context, place);
  }
  try {
    context.onStep('locked');
    return await work();
  } finally {
    // Closing ends the transaction without a trace and gives the lock back.
    lock.close();
    context.onStep('unlocked');
  }
}

async function waitFor(lock: DatabaseSync, { store, lockWaitMs }: FileContext, place: FileLocation): Promise<void> {
  const end = performance.now() + lockWaitMs;
  for (let pause = 1; !tryLock(lock); pause = Math.min(pause * 2, 16)) {
    if (performance.now() > end) {
      const message = `Could not change ${place.key} in ${store}: another process has held its lock for ${lockWaitMs} ms.`;
      const hint = `Find that process (lsof ${place.lock}); continue it if it is stopped, end it if it hangs.`;
      throw new StoreError('store-locked', exitCodes.conflict, message, { store, key: place.key, hint });
    }
    // Half fixed, half random, so that waiters do not keep step with one another.
    await sleep(pause / 2 + Math.random() * pause);
  }
}
