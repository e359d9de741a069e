import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from '../../src/handler/http/app.ts';
import type { AppDeps } from '../../src/handler/http/app-deps.ts';
import type { AppResponse } from '../../src/handler/http/app-request.ts';
import { RequestError } from '../../src/handler/http/request-error.ts';
import { openFileReader } from '../../src/handler/readers/file.ts';
import { readSettings } from '../../src/handler/settings.ts';

export interface Reply extends AppResponse {
  json: unknown;
}

export interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: Uint8Array | string | object;
}

/** The application on a file store, asked without HTTP, its log lines kept, its clock held. */
export class TestApp {
  readonly app: App;
  readonly lines: string[] = [];
  readonly cache: string = mkdtempSync(join(tmpdir(), 'coldgate-cache-'));
  clock = 1_000_000;

  constructor(root: string, variables: Record<string, string> = {}, deps: Partial<AppDeps> = {}) {
    const settings = readSettings({
      MODEL_STORE: 'file',
      MODEL_PREFIX: root,
      MODEL_NAME: 'tiny',
      MODEL_CACHE: this.cache,
      ...variables,
    });
    this.app = createApp({
      settings,
      reader: openFileReader(settings.source.root),
      write: (line) => this.lines.push(line),
      initMs: 12,
      now: () => this.clock,
      random: () => 0.5,
      ...deps,
    });
  }

  async ask(url: string, { method, headers = {}, body }: Ask = {}): Promise<Reply> {
    const binary = body instanceof Uint8Array;
    const bytes = binary ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? {}));
    const all: Record<string, string> = {
      'content-type': binary ? 'application/octet-stream' : 'application/json',
      ...headers,
    };
    const response = await this.app.handle({
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      url,
      headers: { get: (name) => all[name] ?? null },
      read: async (limit) => {
        if (bytes.byteLength > limit) throw new RequestError(413, 'payload-too-large', 'too large');
        return bytes;
      },
    });
    const isJson = response.headers['content-type']?.startsWith('application/json');
    return { ...response, json: isJson ? JSON.parse(response.body as string) : undefined };
  }

  /** Log lines of one event, parsed. */
  logged(event: string): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line.event === event);
  }

  async close(): Promise<void> {
    await this.app.close();
    rmSync(this.cache, { recursive: true, force: true });
  }
}
