import { ColdgateError, type ErrorOptions, exitCodes } from '../errors.ts';

/**
 * Opaque version of an object, prefixed with the store's scheme (`file:…`, `s3:…`) so that it can travel
 * between steps as an output and a token of another store is refused. Never parse it outside its driver.
 */
export type Token = string;

/** What must hold for a write. There is no overwrite. */
export type Precondition = 'absent' | { unchanged: Token };

export interface ObjectMeta {
  contentType?: string | undefined;
  cacheControl?: string | undefined;
}

export interface ObjectInfo {
  /** Key below the store's root, `/`-separated: `digits/versions/1.0.0/model.onnx`. */
  key: string;
  /** Bytes. */
  size: number;
  token: Token;
  /** When the object was last written, by the store's clock. */
  modified: Date;
  meta: ObjectMeta;
}

export interface StoredObject {
  info: ObjectInfo;
  /** The exact stored bytes, streamed. Must be consumed or returned (`for await … break` returns it). */
  body: AsyncIterable<Uint8Array>;
}

export interface SignedUrl {
  url: string;
  /** When it stops working, as far as the credentials that signed it tell. */
  expires: Date;
  /** What ends it then, where that is earlier than asked: for a message. */
  endsWith?: string | undefined;
}

/** Chunks of a stream belong to the store once yielded: it may still be writing one while it asks for the next. */
export type Body = Uint8Array | AsyncIterable<Uint8Array>;

export interface Store {
  /** The root as configured, without credentials: `file:///abs/path`, `s3://bucket/prefix`. */
  readonly url: string;
  readonly scheme: string;

  /**
   * Writes the whole object, visible all at once or not at all.
   * `absent` over an existing object throws AlreadyExistsError; a stale or foreign token, or an update of a missing
   * object, throws PreconditionError. A write whose outcome could not be learnt throws UnavailableError: read back.
   * A driver may refuse before consuming the body; a body that is not read to its end is returned.
   */
  put(key: string, body: Body, when: Precondition, meta?: ObjectMeta): Promise<Token>;

  /** Reads the object; with `ifChanged`, answers `unchanged` when the token is still current. Throws NotFoundError. */
  get(key: string): Promise<StoredObject>;
  get(key: string, options: { ifChanged: Token }): Promise<StoredObject | 'unchanged'>;

  /** Undefined where there is no object. */
  head(key: string): Promise<ObjectInfo | undefined>;

  /** All objects whose key begins with the prefix, in the order of the keys' UTF-8 bytes. Temporaries are never listed. */
  list(prefix: string): AsyncIterable<ObjectInfo>;

  /** Removes the object if the token is still current; already gone is fine, changed throws PreconditionError. */
  remove(key: string, when: { unchanged: Token }): Promise<void>;

  /**
   * A URL that reads the object without a role for a while. It may end earlier than asked: with the session, or with the
   * key, that signed it. Throws UnsupportedError where there is none.
   */
  signedUrl(key: string, seconds: number): Promise<SignedUrl>;

  /**
   * Region or location that the bucket is in, as its cloud spells it in lower case; undefined where the store does not say.
   * Throws DeniedError where that may not be asked.
   */
  locate?(): Promise<string | undefined>;

  /**
   * Copies an object of another store of this provider without passing its bytes through this machine; undefined where
   * the two cannot. Conditional as put.
   */
  copyFrom?(
    from: Store,
    key: string,
    to: { key: string; info: ObjectInfo; meta: ObjectMeta },
  ): Promise<Token | undefined>;
}

interface StoreErrorFields extends ErrorOptions {
  store: string;
  key?: string | undefined;
}

/** Base of store failures: names the store and the key, keeps the cause. */
export class StoreError extends ColdgateError {
  readonly store: string;
  readonly key: string | undefined;

  constructor(code: string, exit: ColdgateError['exit'], message: string, fields: StoreErrorFields) {
    super(code, exit, message, fields);
    this.store = fields.store;
    this.key = fields.key;
  }
}

/** A create found an existing object. */
export class AlreadyExistsError extends StoreError {
  constructor(store: string, key: string, options: ErrorOptions = {}) {
    super('already-exists', exitCodes.conflict, `${key} already exists in ${store}.`, { ...options, store, key });
  }
}

/** An update or removal was based on a version of the object that is no longer current, or on none. */
export class PreconditionError extends StoreError {
  constructor(store: string, key: string, options: ErrorOptions = {}) {
    super('stale-token', exitCodes.conflict, `${key} in ${store} changed since it was read.`, {
      ...options,
      store,
      key,
    });
  }
}

export class NotFoundError extends StoreError {
  constructor(store: string, key: string, options: ErrorOptions = {}) {
    super('not-found', exitCodes.integrity, `There is no ${key} in ${store}.`, { ...options, store, key });
  }
}

/** The store refuses us: permission, credentials, quota. The message names what is missing. */
export class DeniedError extends StoreError {
  constructor(message: string, fields: StoreErrorFields) {
    super('denied', exitCodes.denied, message, fields);
  }
}

/** The store cannot do this at all; never silently ignored. */
export class UnsupportedError extends StoreError {
  constructor(operation: string, fields: StoreErrorFields) {
    super('unsupported', exitCodes.usage, `${fields.store} cannot do this: ${operation}.`, fields);
  }
}

/** No response, or one that does not show whether the write happened. */
export class UnavailableError extends StoreError {
  constructor(message: string, fields: StoreErrorFields) {
    super('store-unavailable', exitCodes.unexpected, message, fields);
  }
}

/** Reads a small object whole. Throws StoreError 'object-too-large' above the limit (bytes). */
export async function readAll(object: StoredObject, limit = 8 * 1024 * 1024): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of object.body) {
    size += chunk.byteLength;
    if (size > limit) {
      throw new StoreError(
        'object-too-large',
        exitCodes.integrity,
        `${object.info.key} is larger than ${limit} bytes, which no such file should be.`,
        {
          store: '',
          key: object.info.key,
          hint: 'Something else than Coldgate wrote it: move it away. coldgate history --repair puts a pointer back, publishing again a manifest.',
        },
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
