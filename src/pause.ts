import { setTimeout } from 'node:timers/promises';

/** Waits, ms. Throws the signal's reason when the run is to end. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  try {
    await setTimeout(ms, undefined, signal ? { signal } : undefined);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Waits until the promise is settled, at most so many ms; leaves no timer behind that would keep the process running. */
export async function atMost(ms: number, settled: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const timer = setTimeout(ms, undefined, { signal: done.signal }).catch(() => {});
  try {
    await Promise.race([settled, timer]);
  } finally {
    done.abort();
  }
}
