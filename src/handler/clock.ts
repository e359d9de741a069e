const reading = (): number => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
};

const started = reading() - process.uptime() * 1000;

/** Sets the freezes apart, where they are looked for; takes the time and returns what to take off it, ms. */
let frozenUntil: (now: number) => number = () => 0;

/**
 * Monotonic time since the process started, ms. As `performance.now()`, without loading Node's module for performance
 * measurement, which costs 2 ms of a start.
 */
export function sinceStart(): number {
  const now = reading() - started;
  return now - frozenUntil(now);
}

/** When this module was evaluated, ms after the start of its process: with the function, in a process made before it. */
export const evaluated: number = sinceStart();

/** Takes the time that the process was stopped for out of `sinceStart`, from now on; see `freezes.ts`. */
export function leaveOutFreezes(frozen: (now: number) => number): void {
  frozenUntil = frozen;
}

/**
 * As `sinceStart`, but keeps running while the machine sleeps or is frozen, during which the monotonic clock may stop.
 */
export function sleeplessClock(): () => number {
  const wall = Date.now() - sinceStart();
  let slept = 0;
  return () => {
    const awake = sinceStart();
    slept = Math.max(slept, Date.now() - wall - awake);
    return awake + slept;
  };
}
