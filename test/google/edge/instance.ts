import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { PoolInstance } from '../../fakes/clouds/pool.ts';
import { ProcessGroup } from '../../fakes/clouds/process-group.ts';
import type { Template } from '../run/record.ts';
import { StartError } from './source.ts';

/** What an instance is made of. */
export interface Plan {
  /** Working directory: the unpacked source, or the files of an image. */
  folder: string;
  command: string[];
  env: Record<string, string>;
  template: Template;
  service: string;
  revision: string;
}

export interface InstanceWorld {
  scratch: string;
  /** Length of a second of the platform's. */
  timeScale: number;
  /** Told of what the platform and the process write. */
  log(instanceId: string, stream: 'system' | 'stdout' | 'stderr', line: string): void;
}

/**
 * Where instances are looked for. A process that listens on 127.0.0.1 alone is reached by nobody on the real platform; an
 * address beside it of the same machine tells that from one that listens on 0.0.0.0. Only Linux has all of 127.0.0.0/8.
 */
const host = process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1';

/** One container instance: the service's own command as a process, with nothing of this process's environment. */
export class Instance implements PoolInstance {
  readonly id = randomBytes(32).toString('hex');
  taken = 0;
  readonly ready: Promise<void>;
  isReady = false;
  readonly ended: Promise<void>;
  hasEnded = false;
  #group: ProcessGroup | undefined;
  #port = 0;
  readonly #plan: Plan;
  readonly #context: InstanceWorld;
  readonly #home: string;
  #end: () => void = () => {};

  constructor(plan: Plan, context: InstanceWorld, reason: string) {
    this.#plan = plan;
    this.#context = context;
    this.#home = join(context.scratch, 'instances', this.id.slice(0, 16));
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    context.log(this.id, 'system', `Starting new instance. Reason: ${reason}`);
    this.ready = this.#start();
    this.ready.catch(() => {});
  }

  async #start(): Promise<void> {
    const { command, env, folder, service, revision } = this.#plan;
    this.#port = await freePort();
    mkdirSync(join(this.#home, 'tmp'), { recursive: true });
    const own = { PORT: String(this.#port), K_SERVICE: service, K_REVISION: revision, K_CONFIGURATION: service };
    this.#group = new ProcessGroup(command, {
      cwd: folder,
      // /tmp of an instance is its own: TMPDIR stands for it.
      env: { HOME: this.#home, TMPDIR: join(this.#home, 'tmp'), ...env, ...own },
      log: (stream, line) => this.#context.log(this.id, stream, line),
    });
    void this.#group.ended.then(() => this.#over());
    await this.#probe();
    this.isReady = true;
    this.#context.log(this.id, 'system', 'Default STARTUP TCP probe succeeded after 1 attempt for container.');
  }

  #over(): void {
    this.hasEnded = true;
    rmSync(this.#home, { recursive: true, force: true });
    this.#end();
  }

  async #probe(): Promise<void> {
    const probe = this.#plan.template.containers?.[0]?.startupProbe ?? {};
    const { initialDelaySeconds = 0, periodSeconds = 240, failureThreshold = 1, httpGet } = probe;
    const seconds = initialDelaySeconds + periodSeconds * failureThreshold;
    const end = Date.now() + seconds * 1000 * this.#context.timeScale;
    while (Date.now() < end && !this.hasEnded) {
      if (await (httpGet ? this.#answers(httpGet.path ?? '/') : this.#listens())) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.stop(true);
    throw new StartError(
      `The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment variable within the allocated timeout. This can happen when the container port is misconfigured or if the timeout is too short.`,
    );
  }

  #listens(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#port, host);
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  }

  #answers(path: string): Promise<boolean> {
    return this.forward({ method: 'GET', path, headers: {} }, Buffer.alloc(0)).then(
      (answer) => {
        answer.resume();
        return (answer.statusCode ?? 500) < 400;
      },
      () => false,
    );
  }

  /** Sends a request on; rejects when the process ends before it answers. */
  forward(options: RequestOptions, body: Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ ...options, host, port: this.#port, agent: false }, resolve);
      request.once('error', reject);
      request.end(body);
    });
  }

  /** Takes the CPU away: outside of requests an instance with request-based billing has none. */
  freeze(): void {
    this.#group?.freeze();
  }

  thaw(): void {
    this.#group?.thaw();
  }

  /** SIGTERM, ten of the platform's seconds, SIGKILL. */
  async stop(now = false): Promise<void> {
    if (!this.#group || this.hasEnded) return;
    await this.#group.stop(now ? 0 : 10_000 * this.#context.timeScale);
    await this.ended;
  }

  kill(): void {
    this.#group?.kill();
  }
}

/**
 * A port that nobody listens on at any address, below those that the system gives out: between this look and the start of
 * the process nobody is given it.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_240, 20_000);
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
