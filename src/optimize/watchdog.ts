import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import { Worker, workerData } from 'node:worker_threads';
import { exitCodes } from '../errors.ts';
import type { JobAnswer } from './answer-job.ts';

/** What ends a process that works on a model, besides its job. */
export interface Bounds {
  /** The process that started it, whose end is its own. */
  parent: number;
  /** Resident memory, bytes. */
  memoryBytes: number;
}

/** Long enough to cost nothing, short enough to free an orphan's memory soon, ms. */
const everyMs = 250;

/**
 * Watches this process from a separate thread: native code that works on a model blocks the main thread, for ever if
 * the model is made so, and no signal handler runs then. `entry` is the module that calls `watch` in a thread.
 */
export function startWatchdog(entry: string, bounds: Bounds): void {
  offerToKernel();
  new Worker(new URL(entry), { workerData: bounds, stdout: false, stderr: false }).unref();
}

/** Where memory runs out all at once, Linux is to end this process and not the one that started it. */
function offerToKernel(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Another system, or a container that does not allow it.
  }
}

/** The thread's side: ends the process with its parent, or at its bound of memory, with words for the parent. */
export function watch(): void {
  const { parent, memoryBytes } = workerData as Bounds;
  setInterval(() => {
    // An orphan gets another parent at once. No one reads its output.
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
    const used = ownMemory();
    if (used > memoryBytes) {
      writeSync(1, `\n${JSON.stringify(memoryAnswer(used))}\n`);
      process.kill(process.pid, 'SIGKILL');
    }
  }, everyMs);
}

/**
 * Resident bytes that are not those of a mapped file, which the kernel takes back where memory is short: a model of
 * gigabytes whose weights are mapped needs little.
 */
function ownMemory(): number {
  try {
    const kibibytes = /^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // Only Linux tells the two apart.
  }
  return process.memoryUsage.rss();
}

/** The parent, which knows the model and the bound, finds the words. */
const memoryAnswer = (used: number): JobAnswer => ({
  error: { code: 'optimizer-memory', exit: exitCodes.integrity, message: '', data: { used } },
});
