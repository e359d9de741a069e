import type { StoreSettings } from '../config/types.ts';
import { exitCodes } from '../errors.ts';
import { cancelBody } from './cancel-body.ts';
import { FileChunks } from './chunks.ts';
import { contextOf, type FileContext, type FileStoreOptions } from './file/context.ts';
import { explained } from './file/fault.ts';
import { assertWritable, whatIsAt } from './file/folders.ts';
import { layoutOf } from './file/layout.ts';
import { listObjects } from './file/list.ts';
import { describeObject, type OpenObject, openObject } from './file/object.ts';
import { checkPrecondition, publish, removeObject } from './file/publish.ts';
import { rootOf } from './file/root.ts';
import { sweepTemporaries } from './file/sweep.ts';
import { discard, type Temporary, writeTemporary } from './file/temporary.ts';
import { checkKey, checkPrefix } from './key.ts';
import {
  type Body,
  NotFoundError,
  type ObjectInfo,
  type ObjectMeta,
  type Precondition,
  PreconditionError,
  type SignedUrl,
  type Store,
  type StoredObject,
  StoreError,
  type Token,
  UnsupportedError,
} from './store.ts';

/**
 * A folder as a store, for many processes at once and for processes that die at any point. Objects are plain files under
 * their keys; docs/stores.md has the protocol and why it is right.
 */
class FileStore implements Store {
  readonly scheme = 'file';
  readonly url: string;
  readonly #context: FileContext;
  #swept = false;
  #writable = false;

  constructor(url: string, context: FileContext) {
    this.url = url;
    this.#context = context;
  }

  async put(key: string, body: Body, when: Precondition, meta: ObjectMeta = {}): Promise<Token> {
    const temporary = await this.#receive(key, body, when);
    try {
      await publish(this.#context, key, temporary, when, meta);
    } finally {
      await discard(temporary.path);
    }
    if (!this.#swept) {
      this.#swept = true;
      await sweepTemporaries(this.#context, temporary.written);
    }
    return `file:${temporary.id}`;
  }

  async #receive(key: string, body: Body, when: Precondition): Promise<Temporary> {
    try {
      checkKey(this.url, key);
      if (!this.#writable) await explained('write to', { store: this.url }, () => assertWritable(this.#context));
      this.#writable = true;
      // Early, so that a gigabyte is not read in vain; what counts is the look under the lock.
      await explained('read', { store: this.url, key }, () => checkPrecondition(this.#context, key, when));
      return await writeTemporary(this.#context, key, body);
    } catch (thrown) {
      await cancelBody(body);
      throw thrown;
    }
  }

  get(key: string): Promise<StoredObject>;
  get(key: string, options: { ifChanged: Token }): Promise<StoredObject | 'unchanged'>;
  async get(key: string, options?: { ifChanged: Token }): Promise<StoredObject | 'unchanged'> {
    const found = await this.#open(key);
    if (!found) throw new NotFoundError(this.url, key);
    const { handle, info } = found;
    if (info.token === options?.ifChanged) {
      await handle.close();
      return 'unchanged';
    }
    const tooShort = (read: number) => this.#tooShort(info, read);
    return { info, body: new FileChunks(handle, { length: info.size, tooShort }) };
  }

  #open(key: string): Promise<OpenObject | undefined> {
    checkKey(this.url, key);
    return explained('read', { store: this.url, key }, async () => {
      if ((await whatIsAt(this.#context, key)) !== 'object') return undefined;
      return openObject(this.#context, key);
    });
  }

  /** The driver replaces files and never shortens one, so that someone else wrote into it. */
  #tooShort({ key, size }: ObjectInfo, read: number): StoreError {
    const message = `${key} in ${this.url} was cut short while it was read: ${read} of ${size} bytes.`;
    return new StoreError('object-cut-short', exitCodes.integrity, message, {
      store: this.url,
      key,
      hint: 'Find what else writes into the folder of the store; objects must only be replaced whole.',
    });
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(this.url, key);
    return explained('read', { store: this.url, key }, async () => {
      if ((await whatIsAt(this.#context, key)) !== 'object') return undefined;
      return (await describeObject(this.#context, key))?.info;
    });
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo> {
    checkPrefix(this.url, prefix);
    yield* listObjects(this.#context, prefix);
  }

  async remove(key: string, when: { unchanged: Token }): Promise<void> {
    checkKey(this.url, key);
    if (!when.unchanged.startsWith('file:')) throw new PreconditionError(this.url, key);
    await removeObject(this.#context, key, when.unchanged);
  }

  async signedUrl(key: string): Promise<SignedUrl> {
    throw new UnsupportedError('signed URLs', {
      store: this.url,
      key,
      hint: 'A folder is read by those who have its path; use a cloud store to hand out links.',
    });
  }
}

/**
 * Opens the folder that the URL names; it is made by the first write. Throws InputError `bad-input` for a URL that is no
 * absolute `file:` path and for cloud settings, which a folder cannot honour.
 */
export async function openFileStore(settings: StoreSettings, options: FileStoreOptions = {}): Promise<Store> {
  const layout = layoutOf(rootOf(settings));
  return new FileStore(settings.url, contextOf(layout, settings.url, options));
}
