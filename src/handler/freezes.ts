import { leaveOutFreezes, sinceStart } from './clock.ts';

/** A gap between two looks from which on it is asked what the process did in it, ms. Throttling by quota stays below. */
const gapMs = 500;
/** Between looks that nothing else gives cause for, ms. */
const lookMs = 200;
/** Reading the CPU time takes a microsecond, so requests that come close together share one reading, ms. */
const readingMs = 20;
/** Share of a gap that a process at work uses of one CPU at the least; one that is stopped uses none. */
const busyShare = 0.1;

/** CPU time of all threads, ms. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Finds the times for which the platform stopped this process, as Cloud Run does between requests: a timer that should
 * run five times a second did not run, and no thread used the CPU meanwhile. A process that is busy in native code uses
 * the CPU, and one that waits for the network runs its timers. They are left out of `sinceStart`, and so of every
 * duration that is measured by it: of a load that was frozen half way, and of the limits of what runs in worker
 * threads.
 */
export function noticeFreezes(): void {
  let seen = Number.NaN;
  let cpu = 0;
  let frozen = 0;
  const look = (now: number): number => {
    const gap = now - seen;
    if (gap < readingMs) return frozen;
    const used = cpuMs();
    const worked = used - cpu;
    if (gap > gapMs && worked < gap * busyShare) frozen += gap - worked;
    [seen, cpu] = [now, used];
    return frozen;
  };
  leaveOutFreezes(look);
  setInterval(sinceStart, lookMs).unref();
}
