import type { Note } from '../http/note.ts';
import type { LoadError } from '../model/load-error.ts';

export interface ReadObject {
  /** Opaque version of the object; equal tokens mean equal bytes. */
  token: string;
  /** Bytes. */
  size: number;
  /** The stored bytes. A chunk may be overwritten once the next but one was requested: copy what you keep. */
  body: AsyncIterable<Uint8Array>;
}

export interface StoredDocument {
  bytes: Uint8Array;
  token: string;
}

/**
 * All that the function needs of a store: one conditional read. A driver signs one request itself and never brings a
 * cloud SDK, which would cost more of the cold start than the runtime does.
 * Throws LoadError `model-not-found`, `store-denied` or `store-unavailable`; the body does so too, and ReplacedError
 * where the object was replaced while it was being read and no byte of the old one can be had any more.
 */
export interface Reader {
  /** For the log, without credentials. */
  readonly url: string;
  /** Bytes come over a network, so the runtime is imported while they are on their way. */
  readonly remote: boolean;
  read(key: string): Promise<ReadObject>;
  read(key: string, options: { ifChanged: string | undefined }): Promise<ReadObject | 'unchanged'>;
  /**
   * A small document whole, without a turn of the event loop: for a first load, while nothing else is being served.
   * Only where the store is a folder; undefined for what is not small. Throws LoadError as `read` does.
   */
  readAtOnce?(key: string): StoredDocument | undefined;
  /** A cache in front of the store, if it has one. Used by `throughCopy` alone: `read` always asks the store. */
  copy?: ReadCopy | undefined;
}

/** A cache of the versions in a store, such as a CDN. It may fail, lie or lag: what it gives is held against digests. */
export interface ReadCopy {
  /** Undefined for some minutes after a failure. */
  readonly reader: Reader | undefined;
  failed(error: LoadError): void;
  /** Where a failure is written to. */
  reportTo(note: Note): void;
}
