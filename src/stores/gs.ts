import type { StoreSettings } from '../config/types.ts';
import { contextOf } from './gs/client.ts';
import type { GsContext, GsLimits } from './gs/context.ts';
import { copyObject } from './gs/copy.ts';
import { headObject } from './gs/info.ts';
import { listObjects } from './gs/list.ts';
import { getObject } from './gs/read.ts';
import { removeObject } from './gs/remove.ts';
import { signRead } from './gs/sign.ts';
import { putObject } from './gs/upload.ts';
import { checkKey, checkPrefix } from './key.ts';
import { leaveBody } from './leave-body.ts';
import type { Body, ObjectInfo, ObjectMeta, Precondition, Store, StoredObject, Token } from './store.ts';

/** A bucket, or a prefix of one, on Google Cloud Storage; docs/stores.md says what it relies on. */
class GsStore implements Store {
  readonly scheme = 'gs';
  readonly url: string;
  readonly #context: GsContext;

  constructor(context: GsContext) {
    this.url = context.place.url;
    this.#context = context;
  }

  async put(key: string, body: Body, when: Precondition, meta: ObjectMeta = {}): Promise<Token> {
    try {
      checkKey(this.url, key);
    } catch (thrown) {
      await leaveBody(body);
      throw thrown;
    }
    return putObject(this.#context, key, body, when, meta);
  }

  get(key: string): Promise<StoredObject>;
  get(key: string, options: { ifChanged: Token }): Promise<StoredObject | 'unchanged'>;
  async get(key: string, options?: { ifChanged: Token }): Promise<StoredObject | 'unchanged'> {
    checkKey(this.url, key);
    return getObject(this.#context, key, options?.ifChanged);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(this.url, key);
    return headObject(this.#context, key);
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo> {
    checkPrefix(this.url, prefix);
    yield* listObjects(this.#context, prefix);
  }

  async remove(key: string, when: { unchanged: Token }): Promise<void> {
    checkKey(this.url, key);
    await removeObject(this.#context, key, when.unchanged);
  }

  async signedUrl(key: string, seconds: number): Promise<string> {
    checkKey(this.url, key);
    return signRead(this.#context, key, seconds);
  }

  async copyFrom(
    from: Store,
    key: string,
    to: { key: string; info: ObjectInfo; meta: ObjectMeta },
  ): Promise<Token | undefined> {
    if (!(from instanceof GsStore)) return undefined;
    checkKey(from.url, key);
    checkKey(this.url, to.key);
    return copyObject(from.#context, key, this.#context, to);
  }
}

/**
 * Opens the bucket that the URL names. Credentials come from the SDK's own chain (workload identity, gcloud, metadata
 * server), but not for emulators. Sends nothing. Throws InputError `bad-input` for settings that the service cannot honour.
 */
export function openGsStore(settings: StoreSettings, limits: Partial<GsLimits> = {}): Store {
  return new GsStore(contextOf(settings, limits));
}
