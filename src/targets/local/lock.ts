import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, readdir, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ColdgateError, ConflictError, exitCodes } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { pause } from '../../pause.ts';
import { isRunning, ownProcess, type ProcessTable } from './process-table.ts';

export interface LockOptions {
  table: ProcessTable;
  log: Logger;
  signal: AbortSignal;
  /** How long another run may hold it before we give up, ms. */
  timeoutMs?: number;
}

interface Holder {
  pid: number;
  started: string;
  id: string;
}

const defaultPatienceMs = 5 * 60_000;
/** A lock is broken within milliseconds; one that is being broken for this long was left by a killed process. */
const breakingMs = 10_000;
/** Between two looks at a living holder, and at a lock that came or went while it was looked at, ms. */
const holdMs = 50;
const changeMs = 5;

/**
 * Runs the work while no other run of Coldgate changes the same function. The lock names its holder's process, so one
 * left by a killed run is taken over at once, and a living holder is waited for.
 * Throws ConflictError `target-busy` after the patience has run out, ColdgateError `lock-unreadable` (exit 2) for a lock
 * that this user may not read, and the signal's reason.
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const mine: Holder = { ...ownProcess(options.table), id: randomUUID() };
  await acquire(path, mine, options);
  await removeLeftovers(path, options.table);
  try {
    return await work();
  } finally {
    // Only our own: if another run had taken it over, the file would be that run's.
    const holder = await readHolder(path).catch(() => undefined);
    if (holder?.id === mine.id) await rm(path, { force: true });
  }
}

async function acquire(path: string, mine: Holder, options: LockOptions): Promise<void> {
  const deadline = performance.now() + (options.timeoutMs ?? defaultPatienceMs);
  let isReported = false;
  for (;;) {
    // A free lock is taken though the run is to end: it cleans up.
    if (await create(path, mine)) return;
    const holder = await readHolder(path);
    const lives = holder !== undefined && isRunning(options.table, holder);
    if (holder && !lives) await breakLock(path, holder, mine, options.table);
    if (performance.now() > deadline) throw busy(path, holder);
    if (lives && !isReported) {
      options.log.info(`Waiting for process ${holder.pid}, which is changing the same function …`);
      isReported = true;
    }
    await pause(lives ? holdMs : changeMs, options.signal);
  }
}

/** A link appears with its whole content or not at all, so that no one ever reads half a holder. */
async function create(path: string, mine: Holder): Promise<boolean> {
  const temp = `${path}.${mine.pid}-${mine.started}-${mine.id}`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(temp, JSON.stringify(mine), { mode: 0o600 });
    await link(temp, path);
    return true;
  } catch (error) {
    // ENOENT: the run that removed the last function also removed the folder; it is created again.
    if (!['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return false;
  } finally {
    await rm(temp, { force: true });
  }
}

/** Files beside the lock that killed runs left behind: each name contains its owner. */
async function removeLeftovers(path: string, table: ProcessTable): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder).catch(() => [])) {
    const [, pid, started] = /\.(\d+)-(\d+)-[0-9a-f-]{36}$/.exec(name) ?? [];
    if (!name.startsWith(`${basename(path)}.`) || !pid || !started) continue;
    if (!isRunning(table, { pid: Number(pid), started })) await rm(join(folder, name), { force: true });
  }
}

/**
 * Undefined where there is no lock. Any other answer of the system is not "gone": taken for that, it is asked for ever.
 */
async function readHolder(path: string): Promise<Holder | undefined> {
  let text: string;
  try {
    // Not waiting for a writer, should a pipe lie there.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    text = await handle.readFile('utf8').finally(() => handle.close());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
  try {
    const { pid, started, id } = JSON.parse(text) as Partial<Holder>;
    if (Number.isSafeInteger(pid) && typeof started === 'string' && typeof id === 'string') {
      return { pid: pid as number, started, id };
    }
  } catch {
    // Not written by Coldgate; treated as a holder that does not run.
  }
  return { pid: 0, started: '', id: text };
}

/**
 * Of several that find the holder dead only one may remove the file, and it must be that holder's file still: else the
 * slower one would remove the lock that the faster one has just made.
 */
async function breakLock(path: string, dead: Holder, mine: Holder, table: ProcessTable): Promise<void> {
  const breaking = `${path}.breaking`;
  if (!(await create(breaking, mine))) {
    const other = await readHolder(breaking);
    const age = await stat(breaking).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (other && !isRunning(table, other) && age > breakingMs) await rm(breaking, { force: true });
    return;
  }
  try {
    if ((await readHolder(path))?.id === dead.id) await unlink(path);
  } finally {
    await rm(breaking, { force: true });
  }
}

function busy(path: string, holder: Holder | undefined): ConflictError {
  const who = holder?.pid ? `Process ${holder.pid} has been` : 'Other processes have been';
  return new ConflictError('target-busy', `${who} changing the same function for minutes.`, {
    hint: `Wait for it, or stop it; then run this again. (lock: ${path})`,
    data: { pid: holder?.pid },
  });
}

function unreadable(path: string, cause: NodeJS.ErrnoException): ColdgateError {
  const message = `The lock ${path} cannot be read (${cause.code}), so it is unknown who is changing this function.`;
  const hint = `See whose it is with: ls -ld ${path}. Run as that user, or, when no run of Coldgate is in progress, remove it.`;
  return new ColdgateError('lock-unreadable', exitCodes.usage, message, { hint, cause });
}
