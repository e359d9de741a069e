import type { StoreSettings } from '../config/types.ts';
import { checkKey, checkPrefix } from './key.ts';
import { leaveBody } from './leave-body.ts';
import { contextOf } from './s3/client.ts';
import type { S3Context, S3Options } from './s3/context.ts';
import { copyObject } from './s3/copy.ts';
import { headObject } from './s3/info.ts';
import { listObjects } from './s3/list.ts';
import { named } from './s3/principal.ts';
import { getObject } from './s3/read.ts';
import { removeObject } from './s3/remove.ts';
import { signRead } from './s3/sign.ts';
import { putObject } from './s3/upload.ts';
import type { Body, ObjectInfo, ObjectMeta, Precondition, Store, StoredObject, Token } from './store.ts';

/** A bucket, or a prefix of one, on S3 or a server that speaks its protocol; docs/stores.md says what it relies on. */
class S3Store implements Store {
  readonly scheme = 's3';
  readonly url: string;
  readonly #context: S3Context;

  constructor(context: S3Context) {
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
    return named(this.#context, () => putObject(this.#context, key, body, when, meta));
  }

  get(key: string): Promise<StoredObject>;
  get(key: string, options: { ifChanged: Token }): Promise<StoredObject | 'unchanged'>;
  async get(key: string, options?: { ifChanged: Token }): Promise<StoredObject | 'unchanged'> {
    checkKey(this.url, key);
    return named(this.#context, () => getObject(this.#context, key, options?.ifChanged));
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(this.url, key);
    return named(this.#context, () => headObject(this.#context, key));
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo> {
    checkPrefix(this.url, prefix);
    yield* listObjects(this.#context, prefix);
  }

  async remove(key: string, when: { unchanged: Token }): Promise<void> {
    checkKey(this.url, key);
    await named(this.#context, () => removeObject(this.#context, key, when.unchanged));
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
    if (!(from instanceof S3Store)) return undefined;
    checkKey(from.url, key);
    checkKey(this.url, to.key);
    return named(this.#context, () => copyObject(from.#context, key, this.#context, to));
  }
}

/**
 * Opens the bucket that the URL names. Credentials come from the SDK's own chain (environment, profile, OIDC, instance).
 * Sends nothing. Throws InputError `bad-input` for settings that S3 cannot honour and where no region is to be found.
 */
export async function openS3Store(settings: StoreSettings, options: S3Options = {}): Promise<Store> {
  return new S3Store(await contextOf(settings, options));
}
