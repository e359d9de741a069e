import { cancelBody } from '../../../src/stores/cancel-body.ts';
import {
  type Body,
  type ObjectMeta,
  type Precondition,
  type Store,
  type StoredObject,
  type Token,
  UnavailableError,
} from '../../../src/stores/store.ts';
import { gathered } from '../stores/bodies.ts';
import { type Request, WrappedStore } from './wrapped-store.ts';

/**
 * `before`: the request never reaches the store. `after`: it is carried out and the answer is lost. `refused-after`: it
 * is carried out, repeated below us, and the repetition is what is answered: a refused precondition (docs/facts.md P1).
 * `body`: the connection breaks in the middle of a body, up or down.
 */
export type Fault = 'before' | 'after' | 'refused-after' | 'body';

/** Nobody gets the object of a lost answer, so that it is for us to close it. */
async function leaveObject(answer: unknown): Promise<void> {
  if (typeof answer === 'object' && answer !== null && 'body' in answer) await cancelBody(answer.body as Body);
}

/** Fails the n-th request (from 0), and, when told so, every one after it. */
export class FaultyStore extends WrappedStore {
  readonly fault: Fault;
  failAt: number;
  readonly forever: boolean;
  count = 0;
  /** The request that failed. */
  failed: Request | undefined;

  constructor(inner: Store, fault: Fault, failAt: number, forever = false) {
    super(inner);
    this.fault = fault;
    this.failAt = failAt;
    this.forever = forever;
  }

  #due(): boolean {
    const at = this.count++;
    return this.forever ? at >= this.failAt : at === this.failAt;
  }

  #gone(request: Request): UnavailableError {
    this.failed = request;
    return new UnavailableError(`no answer to ${request.operation} ${request.key}`, {
      store: this.url,
      key: request.key,
    });
  }

  protected override async request<T>(request: Request, act: () => Promise<T>): Promise<T> {
    if (!this.#due()) return act();
    if (this.fault === 'after') await act().then(leaveObject, () => {});
    throw this.#gone(request);
  }

  override async put(key: string, body: Body, when: Precondition, meta?: ObjectMeta): Promise<Token> {
    const request: Request = { operation: 'put', key };
    if (this.fault === 'refused-after' && this.#due()) {
      this.failed = request;
      const bytes = body instanceof Uint8Array ? body : Buffer.concat(await gathered(body));
      await this.inner.put(key, bytes, when, meta);
      return this.inner.put(key, bytes, when, meta);
    }
    if (this.fault === 'body' && this.#due()) {
      const broken = this.#cut(body, request);
      return this.inner.put(key, broken, when, meta);
    }
    if (this.fault === 'refused-after' || this.fault === 'body') return this.inner.put(key, body, when, meta);
    return super.put(key, body, when, meta);
  }

  async *#cut(body: Body, request: Request): AsyncGenerator<Uint8Array> {
    if (!(body instanceof Uint8Array)) for await (const chunk of body) yield chunk.subarray(0, 1);
    throw this.#gone(request);
  }

  override get(key: string): Promise<StoredObject>;
  override get(key: string, options: { ifChanged: Token }): Promise<StoredObject | 'unchanged'>;
  override async get(key: string, options?: { ifChanged: Token }): Promise<StoredObject | 'unchanged'> {
    const request: Request = { operation: 'get', key };
    if (this.fault !== 'body') return options ? super.get(key, options) : super.get(key);
    const found = options ? await this.inner.get(key, options) : await this.inner.get(key);
    return found === 'unchanged' || !this.#due() ? found : { ...found, body: this.#cut(found.body, request) };
  }
}
