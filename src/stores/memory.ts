import { randomUUID } from 'node:crypto';
import { cancelBody } from './cancel-body.ts';
import { checkKey, checkPrefix, compareKeys } from './key.ts';
import {
  AlreadyExistsError,
  type Body,
  NotFoundError,
  type ObjectInfo,
  type ObjectMeta,
  type Precondition,
  PreconditionError,
  type SignedUrl,
  type Store,
  type StoredObject,
  type Token,
  UnsupportedError,
} from './store.ts';

interface Held {
  info: ObjectInfo;
  bytes: Uint8Array;
}

async function collect(body: Body): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  const chunks: Uint8Array[] = [];
  // Copied at once: only so do chunks that the source uses again stay what they were.
  for await (const chunk of body) chunks.push(new Uint8Array(chunk));
  return new Uint8Array(Buffer.concat(chunks));
}

async function* stream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const chunk = 1024 * 1024;
  for (let at = 0; at < bytes.byteLength; at += chunk) yield bytes.slice(at, at + chunk);
}

/** Keeps everything in this process: for dry runs and tests of what is built on stores. Same promises as the others. */
class MemoryStore implements Store {
  readonly url = 'memory:';
  readonly scheme = 'memory';
  readonly #held = new Map<string, Held>();

  async put(key: string, body: Body, when: Precondition, meta: ObjectMeta = {}): Promise<Token> {
    const bytes = await this.#receive(key, body, when);
    this.#compare(key, when);
    const token = `memory:${randomUUID()}`;
    const info = { key, size: bytes.byteLength, token, modified: new Date(), meta: { ...meta } };
    this.#held.set(key, { info, bytes });
    return token;
  }

  async #receive(key: string, body: Body, when: Precondition): Promise<Uint8Array> {
    try {
      checkKey(this.url, key);
      this.#compare(key, when);
      return await collect(body);
    } catch (thrown) {
      await cancelBody(body);
      throw thrown;
    }
  }

  #compare(key: string, when: Precondition): void {
    const found = this.#held.get(key);
    if (when === 'absent') {
      if (found) throw new AlreadyExistsError(this.url, key);
    } else if (found?.info.token !== when.unchanged) {
      throw new PreconditionError(this.url, key);
    }
  }

  get(key: string): Promise<StoredObject>;
  get(key: string, options: { ifChanged: Token }): Promise<StoredObject | 'unchanged'>;
  async get(key: string, options?: { ifChanged: Token }): Promise<StoredObject | 'unchanged'> {
    checkKey(this.url, key);
    const found = this.#held.get(key);
    if (!found) throw new NotFoundError(this.url, key);
    if (found.info.token === options?.ifChanged) return 'unchanged';
    return { info: structuredClone(found.info), body: stream(found.bytes) };
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(this.url, key);
    return structuredClone(this.#held.get(key)?.info);
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo> {
    checkPrefix(this.url, prefix);
    for (const key of [...this.#held.keys()].sort(compareKeys)) {
      const found = this.#held.get(key);
      if (found && key.startsWith(prefix)) yield structuredClone(found.info);
    }
  }

  async remove(key: string, when: { unchanged: Token }): Promise<void> {
    checkKey(this.url, key);
    const foreign = !when.unchanged.startsWith('memory:');
    if (!foreign && !this.#held.has(key)) return;
    this.#compare(key, when);
    this.#held.delete(key);
  }

  async signedUrl(key: string): Promise<SignedUrl> {
    throw new UnsupportedError('signed URLs', { store: this.url, key });
  }
}

export function openMemoryStore(): Store {
  return new MemoryStore();
}
