import type { OpenDesk } from '../queue/desk.ts';
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
  /** What health says of this process besides, and the line of a cold start. */
  facts?: Record<string, unknown>;
  /** How versions after the first are opened; by default as the first, in this thread. */
  openNext?: OpenSession;
  /** Whether runs that are slow, or may never end, get a separate thread: for platforms with concurrent requests. */
  isolate?: boolean;
  /** How the process is replaced when threads do not return; by default it keeps running with them. */
  replacement?: Replacement | undefined;
  /**
   * Does work that a response need not wait for, where the platform lets a process run after it; by default at once.
   */
  later?: (work: () => void) => void;
  /** Called after each prediction. */
  onPrediction?: (() => void) | undefined;
  /** The queue in front of the function, where it has one. */
  desk?: OpenDesk | undefined;
  now?: () => number;
  random?: () => number;
}
