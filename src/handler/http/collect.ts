import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Idle time after which a garbage collection delays no request, ms. */
const quietMs = 1000;

let timer: NodeJS.Timeout | undefined;
let collect: (() => void) | undefined;

/**
 * Collects garbage once there has been nothing to do for a while. V8 does so when code runs that needs memory: what a
 * large body took would stay with a process that is idle then, as long as it is. Buffers are nearly all of it, so this
 * takes some ms.
 */
export function collectWhenIdle(isIdle: () => boolean): void {
  timer ??= setTimeout(() => {
    timer = undefined;
    if (!isIdle() || !collectNow()) collectWhenIdle(isIdle);
  }, quietMs).unref();
  timer.refresh();
}

/** @returns whether it could; else it can a little later. */
function collectNow(): boolean {
  collect ??= collectorOfThread();
  collect?.();
  return collect !== undefined;
}

/**
 * The one way to it in a process that was started without the flag, which holds for all threads: nothing is returned
 * where another thread, which does the same at this moment, takes the flag back before the context here is made.
 */
function collectorOfThread(): (() => void) | undefined {
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('globalThis.gc') as (() => void) | undefined;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
