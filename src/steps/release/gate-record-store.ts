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

/**
 * The record of the measurement of one version on one target, under `baselines/`. It is evidence, and no decision
 * depends on it alone: another run's write is kept, and one that cannot be read counts as none.
 */
export class GateRecordStore {
  readonly #store: Store;
  readonly #key: string;
  readonly #log: Logger;
  #token: Token | undefined;

  constructor(store: Store, model: string, targetKey: string, version: string, log: Logger) {
    this.#store = store;
    this.#key = baselineKey(model, targetKey, version);
    this.#log = log;
  }

  async read(): Promise<GateRecord | undefined> {
    try {
      const object = await this.#store.get(this.#key);
      this.#token = object.info.token;
      return parseRecord(await readAll(object));
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      if (!(error instanceof ShapeError)) throw error;
      this.#log.warn(`${this.#key} cannot be used (${error.message}); measuring again.`);
      return undefined;
    }
  }

  /** Writes the record; keeps one that another run wrote since the last read or write, with a warning. */
  async write(record: GateRecord): Promise<void> {
    const when = this.#token === undefined ? 'absent' : { unchanged: this.#token };
    try {
      this.#token = await this.#store.put(this.#key, encodeRecord(record), when, { contentType: 'application/json' });
    } catch (error) {
      if (!(error instanceof AlreadyExistsError || error instanceof PreconditionError)) throw error;
      this.#log.warn(`Another run measures ${record.model} ${record.candidate.version} too; its record stays.`);
      await this.read();
    }
  }
}
