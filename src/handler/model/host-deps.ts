import type { Note } from '../http/note.ts';
import type { Reader } from '../readers/reader.ts';
import type { Loss, OpenSession } from '../session/session.ts';
import type { Settings } from '../settings.ts';
import type { ModelCache } from './model-cache.ts';

export interface HostDeps {
  reader: Reader;
  settings: Settings;
  /** Opened with the first load, so that a plain health answer touches no disk. */
  cache: () => ModelCache;
  /** Opens the first version, in this thread: a cold start must not pay for a worker. */
  openFirst: OpenSession;
  /** Opens later versions, beside requests that are being served. */
  openNext: OpenSession;
  /** Whether runs of the first version may be in separate threads as well. */
  isolate: boolean;
  /** Called for each session that is lost, and with it perhaps a thread. */
  onLoss: (loss: Loss) => Promise<void>;
  note: Note;
  /** Milliseconds on a clock that only moves forward. */
  now: () => number;
  /** 0 to 1. */
  random: () => number;
}

/** What became of the last look at the pointer. */
export interface RefreshState {
  /** `waiting`: a newer version is known, and the turn of this instance to load it has not come. */
  status: 'current' | 'waiting' | 'failed';
  /** Why a newer version is not served: `checksum-mismatch`, `sample-mismatch`, `store-unavailable`, … */
  code?: string;
}
