import type { Problem } from './errors.ts';

/**
 * Receives human-readable output. The entry points build one for a terminal or for the Actions log; tests record. No
 * other code writes to a stream itself.
 */
export interface Logger {
  /** A step's result or fact, always shown. */
  info(message: string): void;
  /** Shown with --verbose or in debug logs. */
  debug(message: string): void;
  /** Something to know that does not fail the run; an annotation in Actions. */
  warn(message: string, problem?: Partial<Problem>): void;
  /** Long work: called often, the edge decides how often it shows (a terminal redraws one line). */
  progress(label: string, done: number, total: number | undefined, unit: 'bytes' | 'samples' | 'steps'): void;
  /** Runs the work under a heading that folds in the Actions log. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** Hides the value in everything printed from now on (signed URLs, tokens). */
  mask(secret: string): void;
}

/** A logger that discards everything; for library use. */
export const silentLogger: Logger = {
  info() {},
  debug() {},
  warn() {},
  progress() {},
  group: (_title, work) => work(),
  mask() {},
};
