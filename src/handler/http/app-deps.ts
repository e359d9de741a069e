import type { Reader } from '../readers/reader.ts';
import type { OpenSession } from '../session/session.ts';
import type { Replacement } from '../session/stuck-threads.ts';
import type { Settings } from '../settings.ts';
import type { LogForm } from './log-form.ts';
import type { WriteLine } from './log-line.ts';

/** What an adapter gives the function. */
export interface AppDeps {
  settings: Settings;
  reader: Reader;
  /** Takes the structured log, a line at a time. */
  write: WriteLine;
  /** The platform's form of a line; as it is by default. */
  logForm?: LogForm | undefined;
  /** Process or platform start to handler code running, ms. */
  initMs: number;
  /** How versions after the first are opened; by default as the first, in this thread. */
  openNext?: OpenSession;
  /** Whether runs that are slow, or may have no end, get a thread of their own: where requests do not come one by one. */
  isolate?: boolean;
  /** How the process is replaced when threads do not come back; by default it goes on with them. */
  replacement?: Replacement | undefined;
  /** Does work that an answer need not wait for, where the platform lets a process go on after it; by default at once. */
  later?: (work: () => void) => void;
  /** Told of each answer that a model gave. */
  onPrediction?: (() => void) | undefined;
  now?: () => number;
  random?: () => number;
}
