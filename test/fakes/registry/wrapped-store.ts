import { refused } from '../../../src/registry/ambiguous.ts';
import type {
  Body,
  ObjectInfo,
  ObjectMeta,
  Precondition,
  SignedUrl,
  Store,
  StoredObject,
  Token,
} from '../../../src/stores/store.ts';
import { gathered } from '../stores/bodies.ts';

export type Operation = 'put' | 'get' | 'head' | 'list' | 'remove';

export interface Request {
  operation: Operation;
  /** Key, or prefix of a listing. */
  key: string;
}

/** Stands between the code under test and a store; the hooks see each request and may fail, delay or replace it. */
export class WrappedStore implements Store {
  readonly inner: Store;
  readonly url: string;
  readonly scheme: string;

  constructor(inner: Store) {
    this.inner = inner;
    this.url = inner.url;
    this.scheme = inner.scheme;
  }

  /** Runs the request; overridden by each kind of wrapper. */
  protected async request<T>(_request: Request, act: () => Promise<T>): Promise<T> {
    return act();
  }

  /** Changes what the store says of an object. */
  protected info(info: ObjectInfo): ObjectInfo {
    return info;
  }

  put(key: string, body: Body, when: Precondition, meta?: ObjectMeta): Promise<Token> {
    return this.request({ operation: 'put', key }, () => this.inner.put(key, body, when, meta));
  }

  get(key: string): Promise<StoredObject>;
  get(key: string, options: { ifChanged: Token }): Promise<StoredObject | 'unchanged'>;
  async get(key: string, options?: { ifChanged: Token }): Promise<StoredObject | 'unchanged'> {
    const act = () => (options ? this.inner.get(key, options) : this.inner.get(key));
    const found = await this.request<StoredObject | 'unchanged'>({ operation: 'get', key }, act);
    return found === 'unchanged' ? found : { ...found, info: this.info(found.info) };
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const found = await this.request({ operation: 'head', key }, () => this.inner.head(key));
    return found && this.info(found);
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo> {
    const all = async () => {
      const found: ObjectInfo[] = [];
      for await (const info of this.inner.list(prefix)) found.push(this.info(info));
      return found;
    };
    yield* await this.request({ operation: 'list', key: prefix }, all);
  }

  remove(key: string, when: { unchanged: Token }): Promise<void> {
    return this.request({ operation: 'remove', key }, () => this.inner.remove(key, when));
  }

  signedUrl(key: string, seconds: number): Promise<SignedUrl> {
    return this.inner.signedUrl(key, seconds);
  }
}

/** Remembers every request in order. */
export class CountingStore extends WrappedStore {
  readonly requests: Request[] = [];

  protected override async request<T>(request: Request, act: () => Promise<T>): Promise<T> {
    this.requests.push(request);
    return act();
  }

  /** `put digits/current.json`, in order, of the keys that hold the text. */
  of(text: string): string[] {
    return this.requests.filter(({ key }) => key.includes(text)).map(({ operation, key }) => `${operation} ${key}`);
  }
}

/** Calls back before a request, and right after it was carried out, before its caller knows: someone else acts in between. */
export class MeddlingStore extends WrappedStore {
  before: (request: Request) => Promise<void> = async () => {};
  after: (request: Request) => Promise<void> = async () => {};

  protected override async request<T>(request: Request, act: () => Promise<T>): Promise<T> {
    await this.before(request);
    const result = await act();
    await this.after(request);
    return result;
  }
}

/** Says when objects were written by a clock of the test, and not by that of the machine. */
export class AgedStore extends WrappedStore {
  readonly #clock: () => Date;
  readonly #written = new Map<string, Date>();

  constructor(inner: Store, clock: () => Date) {
    super(inner);
    this.#clock = clock;
  }

  protected override async request<T>({ operation, key }: Request, act: () => Promise<T>): Promise<T> {
    const result = await act();
    if (operation === 'put') this.#written.set(key, this.#clock());
    return result;
  }

  protected override info(info: ObjectInfo): ObjectInfo {
    return { ...info, modified: this.#written.get(info.key) ?? info.modified };
  }
}

/** A server that answers every write with success, whatever was asked to hold: there are several on the market. */
export class LyingStore extends WrappedStore {
  override async put(key: string, body: Body, _when: Precondition, meta?: ObjectMeta): Promise<Token> {
    const bytes = body instanceof Uint8Array ? body : Buffer.concat(await gathered(body));
    for (;;) {
      const found = await this.inner.head(key);
      const when = found ? { unchanged: found.token } : 'absent';
      const written = await this.inner.put(key, bytes, when, meta).catch((error: unknown) => {
        if (!refused(error)) throw error;
      });
      if (written !== undefined) return written;
    }
  }

  override async remove(key: string): Promise<void> {
    const found = await this.inner.head(key);
    if (found) await this.inner.remove(key, { unchanged: found.token });
  }
}
