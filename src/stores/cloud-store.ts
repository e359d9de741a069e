import { cancelBody } from './cancel-body.ts';
import { checkKey, checkPrefix } from './key.ts';
import type { Body, ObjectInfo, ObjectMeta, Precondition, SignedUrl, Store, StoredObject, Token } from './store.ts';

/** An open bucket or container; each provider's has more. */
interface LocationLabel {
  place: { url: string };
}

/** A provider's driver, called with checked keys; `Store` documents each method. */
export interface CloudDriver<Context extends LocationLabel> {
  scheme: string;
  put(context: Context, key: string, body: Body, when: Precondition, meta: ObjectMeta): Promise<Token>;
  get(context: Context, key: string, ifChanged: Token | undefined): Promise<StoredObject | 'unchanged'>;
  head(context: Context, key: string): Promise<ObjectInfo | undefined>;
  list(context: Context, prefix: string): AsyncGenerator<ObjectInfo>;
  remove(context: Context, key: string, token: Token): Promise<void>;
  sign(context: Context, key: string, seconds: number): Promise<SignedUrl>;
  /** Absent where the store's own API does not say. */
  locate?(context: Context): Promise<string | undefined>;
  copy(
    from: Context,
    key: string,
    context: Context,
    to: { key: string; info: ObjectInfo; meta: ObjectMeta },
  ): Promise<Token | undefined>;
}

/** A bucket or container, or a prefix of one, at a provider. */
export class CloudStore<Context extends LocationLabel> implements Store {
  readonly #driver: CloudDriver<Context>;
  readonly #context: Context;

  constructor(driver: CloudDriver<Context>, context: Context) {
    this.#driver = driver;
    this.#context = context;
  }

  get scheme(): string {
    return this.#driver.scheme;
  }

  get url(): string {
    return this.#context.place.url;
  }

  async put(key: string, body: Body, when: Precondition, meta: ObjectMeta = {}): Promise<Token> {
    try {
      checkKey(this.url, key);
    } catch (thrown) {
      await cancelBody(body);
      throw thrown;
    }
    return this.#driver.put(this.#context, key, body, when, meta);
  }

  get(key: string): Promise<StoredObject>;
  get(key: string, options: { ifChanged: Token }): Promise<StoredObject | 'unchanged'>;
  async get(key: string, options?: { ifChanged: Token }): Promise<StoredObject | 'unchanged'> {
    checkKey(this.url, key);
    return this.#driver.get(this.#context, key, options?.ifChanged);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(this.url, key);
    return this.#driver.head(this.#context, key);
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo> {
    checkPrefix(this.url, prefix);
    yield* this.#driver.list(this.#context, prefix);
  }

  async remove(key: string, when: { unchanged: Token }): Promise<void> {
    checkKey(this.url, key);
    await this.#driver.remove(this.#context, key, when.unchanged);
  }

  async signedUrl(key: string, seconds: number): Promise<SignedUrl> {
    checkKey(this.url, key);
    return this.#driver.sign(this.#context, key, seconds);
  }

  async locate(): Promise<string | undefined> {
    return this.#driver.locate?.(this.#context);
  }

  async copyFrom(
    from: Store,
    key: string,
    to: { key: string; info: ObjectInfo; meta: ObjectMeta },
  ): Promise<Token | undefined> {
    if (!this.#isOfOneProvider(from)) return undefined;
    checkKey(from.url, key);
    checkKey(this.url, to.key);
    return this.#driver.copy(from.#context, key, this.#context, to);
  }

  #isOfOneProvider(store: Store): store is CloudStore<Context> {
    return store instanceof CloudStore && store.#driver === this.#driver;
  }
}
