import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainForm } from '../../../src/handler/http/log-form.ts';
import { type OpenDesk, openDesk } from '../../../src/handler/queue/desk.ts';
import { createWorker, type Worker } from '../../../src/handler/queue/work.ts';
import { readSettings } from '../../../src/handler/settings.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { type Reply, TestApp } from '../test-app.ts';

/** The application with a queue in memory, which the test delivers by hand, and a folder as its store. */
export class QueueBed {
  readonly store = new ModelStore();
  readonly messages: Uint8Array[] = [];
  readonly test: TestApp;
  readonly worker: Worker;
  readonly open: OpenDesk;
  /** Thrown at the next message that is sent. */
  failing: Error | undefined;

  constructor(variables: Record<string, string> = {}, limit = 1000) {
    this.store.promote(this.store.publish('tiny', '1.0.0', { model: tinyModel() }));
    const settings = readSettings({ MODEL_STORE: 'file', MODEL_PREFIX: this.store.root, MODEL_NAME: 'tiny' });
    const queue = {
      limit,
      send: async (message: Uint8Array): Promise<void> => {
        if (this.failing) throw this.failing;
        this.messages.push(message);
      },
    };
    this.open = async () => openDesk(settings, variables, queue);
    this.test = new TestApp(this.store.root, variables, { desk: this.open });
    const { app, lines } = this.test;
    this.worker = createWorker({ app, desk: this.open, write: (line) => lines.push(line), form: plainForm });
  }

  submit(body: object | Uint8Array, headers: Record<string, string> = {}, query = ''): Promise<Reply> {
    return this.test.ask(`/v1/async${query}`, { body, headers });
  }

  async accepted(body: object | Uint8Array, headers?: Record<string, string>, query?: string): Promise<string> {
    const { status, json } = await this.submit(body, headers, query);
    if (status !== 202) throw new Error(JSON.stringify(json));
    return (json as { id: string }).id;
  }

  /** Delivers what was sent last. */
  deliver(attempt = 1): Promise<'done' | 'again'> {
    return this.worker.work(this.messages.at(-1) as Uint8Array, { attempt });
  }

  look(id: string): Promise<Reply> {
    return this.test.ask(`/v1/async/${id}`);
  }

  /** Names of what is kept below the prefix. */
  kept(folder: string): string[] {
    const path = join(this.store.root, '_coldgate/async/tiny', folder);
    return existsSync(path) ? readdirSync(path).sort() : [];
  }

  read(name: string): Record<string, unknown> {
    const path = join(this.store.root, '_coldgate/async/tiny', name);
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  }

  async close(): Promise<void> {
    await this.test.close();
    this.store.remove();
  }
}
