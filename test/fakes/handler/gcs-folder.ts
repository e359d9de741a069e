import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** A loopback Cloud Storage that reads objects out of a folder, and holds back those that a test names. */
export class GcsFolder {
  readonly #root: string;
  readonly #server: Server;
  #held: { name: string; until: Promise<void> } | undefined;
  /** Names of objects as they are asked for. */
  readonly requests: string[] = [];

  constructor(root: string) {
    this.#root = root;
    this.#server = createServer(async ({ url = '' }, response) => {
      const [, encoded = ''] = /\/o\/([^?]+)/.exec(url) ?? [];
      const name = decodeURIComponent(encoded);
      this.requests.push(name);
      if (this.#held && name.endsWith(this.#held.name)) await this.#held.until;
      const path = join(this.#root, name);
      if (!existsSync(path)) return void response.writeHead(404).end();
      const bytes = readFileSync(path);
      const generation = String(crc32(bytes));
      const known = new URL(url, 'http://localhost').searchParams.get('ifGenerationNotMatch');
      const headers = { 'x-goog-generation': generation };
      if (known === generation) return void response.writeHead(304, headers).end();
      response.writeHead(200, { ...headers, 'content-length': bytes.byteLength }).end(bytes);
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  /** What a function reads this store by. */
  get variables(): Record<string, string> {
    const { port } = this.#server.address() as AddressInfo;
    return {
      ...{ MODEL_STORE: 'gcs', MODEL_BUCKET: 'models', MODEL_PREFIX: '' },
      STORAGE_EMULATOR_HOST: `http://127.0.0.1:${port}`,
    };
  }

  /** Answers no request for objects of this ending until what it returns is called. */
  hold(name: string): () => void {
    let release = (): void => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#held = { name, until };
    return release;
  }

  /** Waits until an object is asked for. */
  async askedFor(name: string): Promise<void> {
    for (const until = Date.now() + 60_000; Date.now() < until; await new Promise((go) => setTimeout(go, 5))) {
      if (this.requests.some((one) => one.endsWith(name))) return;
    }
    throw new Error(`${name} was not asked for: ${this.requests.join(', ')}`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
