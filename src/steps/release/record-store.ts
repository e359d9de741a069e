import { encodeRecord, type GateRecord, parseRecord } from '../../gate/record/record.ts';
import type { Logger } from '../../log.ts';
import { baselineKey } from '../../model/layout.ts';
import { ShapeError } from '../../model/shape.ts';
import {
  AlreadyExistsError,
  NotFoundError,
  PreconditionError,
  readAll,
  type Store,
  type Token,
} from '../../stores/store.ts';

interface Codec<R> {
  /** Throws ShapeError. */
  parse(bytes: Uint8Array): R;
  encode(record: R): Uint8Array;
}

/**
 * The record of what a verb found out about one version, under `baselines/`. It is evidence, and no decision depends on it
 * alone: another run's write is kept, and one that cannot be read counts as none.
 */
export class RecordStore<R extends { model: string; candidate: { version: string } }> {
  readonly #store: Store;
  readonly #key: string;
  readonly #codec: Codec<R>;
  readonly #log: Logger;
  #token: Token | undefined;

  constructor(store: Store, key: string, codec: Codec<R>, log: Logger) {
    this.#store = store;
    this.#key = key;
    this.#codec = codec;
    this.#log = log;
  }

  async read(): Promise<R | undefined> {
    try {
      const object = await this.#store.get(this.#key);
      this.#token = object.info.token;
      return this.#codec.parse(await readAll(object));
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      if (!(error instanceof ShapeError)) throw error;
      this.#log.warn(`${this.#key} cannot be used (${error.message}); measuring again.`);
      return undefined;
    }
  }

  /** Writes the record; keeps one that another run wrote since the last read or write, with a warning. */
  async write(record: R): Promise<void> {
    const when = this.#token === undefined ? 'absent' : { unchanged: this.#token };
    const bytes = this.#codec.encode(record);
    try {
      this.#token = await this.#store.put(this.#key, bytes, when, { contentType: 'application/json' });
    } catch (error) {
      if (!(error instanceof AlreadyExistsError || error instanceof PreconditionError)) throw error;
      this.#log.warn(`Another run measures ${record.model} ${record.candidate.version} too; its record stays.`);
      await this.read();
    }
  }
}

/** The record of the measurement of one version on one target. */
export const gateRecords = (
  store: Store,
  model: string,
  targetKey: string,
  version: string,
  log: Logger,
): RecordStore<GateRecord> =>
  new RecordStore(store, baselineKey(model, targetKey, version), { parse: parseRecord, encode: encodeRecord }, log);
