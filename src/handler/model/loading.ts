import type { Manifest } from '../../model/manifest.ts';
import type { Reader } from '../readers/reader.ts';
import type { OpenSession } from '../session/session.ts';
import type { ModelCache } from './model-cache.ts';

/** What loading a version works with. */
export interface Loading {
  reader: Reader;
  cache: ModelCache;
  threads: number | undefined;
  openSession: OpenSession;
  /** Opens sessions in separate threads, whatever `openSession` does. */
  openApart: OpenSession;
  /** Brings the runtime into this thread; absent where the session brings its own. */
  prepare?: (() => Promise<{ importMs: number; initMs: number }>) | undefined;
  /** The version's manifest, after a check that it is the one that the pointer commits to. Throws LoadError. */
  bind: () => Promise<Manifest | undefined>;
  /** Logs for the operator what did not go as planned. */
  note(event: string, facts: Record<string, unknown>): void;
}
