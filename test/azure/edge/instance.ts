import { randomUUID } from 'node:crypto';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import type { PoolInstance } from '../../fakes/clouds/pool.ts';
import type { Placeholder } from './placeholders.ts';
import type { FunctionInfo } from './worker-protocol.ts';

/** The host cannot run the app: what its status says. */
export class HostError extends Error {}

export interface InstancePlan {
  folder: string;
  env: Record<string, string>;
  /** Throws HostError for what keeps the host itself from starting. */
  checkHost(): void;
  log(stream: 'stdout' | 'stderr', line: string, instance: string): void;
}

/** One instance of an app: the host in this process, and its worker. */
export class FunctionsInstance implements PoolInstance {
  readonly id = randomUUID();
  taken = 0;
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  functions: FunctionInfo[] = [];
  readonly #placeholder: Placeholder;
  #port = 0;

  constructor(placeholder: Placeholder, plan: InstancePlan) {
    this.#placeholder = placeholder;
    this.ended = placeholder.group.ended;
    this.ready = this.#start(plan);
    this.ready.catch(() => this.kill());
  }

  async #start({ folder, env, checkHost, log }: InstancePlan): Promise<void> {
    checkHost();
    const own = { WEBSITE_POD_NAME: this.id, CONTAINER_NAME: this.id, INITIALIZED_FROM_PLACEHOLDER: 'True' };
    const specialized = await this.#placeholder.specialize({ folder, env: { ...env, ...own } }, (stream, line) =>
      log(stream, line, this.id),
    );
    if (specialized.failure !== undefined) throw new HostError(specialized.failure);
    this.functions = specialized.functions;
    this.#port = specialized.port;
  }

  /** Sends a request on; rejects when the process ends before it answers. */
  forward(options: RequestOptions, body: Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ ...options, host: '127.0.0.1', port: this.#port, agent: false }, resolve);
      request.once('error', reject);
      request.end(body);
    });
  }

  thaw(): void {
    this.#placeholder.group.thaw();
  }

  /** SIGTERM and some time, or an end at once. */
  stop(now = false): Promise<void> {
    return this.#placeholder.group.stop(now ? 0 : 5000);
  }

  kill(): void {
    this.#placeholder.group.kill();
  }
}
