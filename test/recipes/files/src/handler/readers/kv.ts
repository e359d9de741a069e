import type { LoadError } from '../model/load-error.ts';
import type { Answer } from './answer.ts';
import type { Limits } from './limits.ts';
import { conditionHeaders, keyIn, type ObjectService, type ReadConditions } from './object-service.ts';
import type { Reader } from './reader.ts';
import { openRemoteReader } from './remote.ts';
import type { StoreSource } from './source.ts';
import { send } from './transport.ts';

/** Reads `<prefix>/<key>` of a bucket of a key-value server. */
export const openKvReader = (source: StoreSource, limits?: Limits): Reader =>
  openRemoteReader(new KvObjects(source, limits), limits);

class KvObjects implements ObjectService {
  readonly scheme = 'kv';
  readonly url: string;
  readonly #source: StoreSource;
  readonly #limits: Limits | undefined;

  constructor(source: StoreSource, limits: Limits | undefined) {
    this.url = `kv://${keyIn(source.bucket, source.root)}`;
    this.#source = source;
    this.#limits = limits;
  }

  ask(key: string, conditions: ReadConditions): Promise<Answer> {
    const { endpoint, bucket, root } = this.#source;
    const headers = conditionHeaders(conditions);
    const { signal } = conditions;
    const path = `/${keyIn(bucket, root, key).split('/').map(encodeURIComponent).join('/')}`;
    return send({ method: 'GET', origin: new URL(endpoint!), path, headers, signal, stallMs: this.#limits?.stallMs });
  }

  version(answer: Answer): string | undefined {
    return answer.header('etag');
  }

  async explain(): Promise<LoadError | undefined> {
    return undefined;
  }
}
