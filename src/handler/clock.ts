const reading = (): number => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
};

const started = reading() - process.uptime() * 1000;

/**
 * Monotonic time since the process started, ms. What `performance.now()` tells, without making Node load its module of
 * performance measures: 2 ms of a start.
 */
export const sinceStart = (): number => reading() - started;
