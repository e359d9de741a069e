import type { StoreSettings } from '../config/types.ts';
import { contextOf } from './azure/client.ts';
import type { AzureContext, AzureLimits } from './azure/context.ts';
import { copyObject } from './azure/copy.ts';
import { headBlob } from './azure/info.ts';
import { listObjects } from './azure/list.ts';
import { getObject } from './azure/read.ts';
import { removeObject } from './azure/remove.ts';
import { signRead } from './azure/sign.ts';
import { putObject } from './azure/upload.ts';
import { checkKey, checkPrefix } from './key.ts';
import { leaveBody } from './leave-body.ts';
import type { Body, ObjectInfo, ObjectMeta, Precondition, Store, StoredObject, Token } from './store.ts';

/** A container, or a prefix of one, of Azure Blob Storage; docs/stores.md says what it relies on. */
class AzureStore implements Store {
  readonly scheme = 'azure';
  readonly url: string;
  readonly #context: AzureContext;

  constructor(context: AzureContext) {
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
    return headBlob(this.#context, key);
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
    if (!(from instanceof AzureStore)) return undefined;
    checkKey(from.url, key);
    checkKey(this.url, to.key);
    return copyObject(from.#context, key, this.#context, to);
  }
}

/**
 * Opens the container that the URL names, with the key or signature of AZURE_STORAGE_CONNECTION_STRING where that is of
 * the account, else with what @azure/identity finds. Sends nothing. Throws InputError `bad-input` for settings that the
 * service cannot honour.
 */
export async function openAzureStore(settings: StoreSettings, limits: Partial<AzureLimits> = {}): Promise<Store> {
  return new AzureStore(await contextOf(settings, limits));
}
