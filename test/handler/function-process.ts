import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, linkSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { digestFile, hostFiles } from '../../src/package/host-files.ts';

const require = createRequire(import.meta.url);

/** Puts the native runtime of this machine beside a bundle, as a package has it. */
export function addNativeFiles(folder: string): void {
  const own = join(
    dirname(require.resolve('onnxruntime-node/package.json')),
    'bin',
    'napi-v6',
    process.platform,
    process.arch,
  );
  for (const name of readdirSync(own)) {
    try {
      linkSync(join(own, name), join(folder, name));
    } catch {
      copyFileSync(join(own, name), join(folder, name));
    }
  }
}

/** Puts there what Azure's host finds the function by, and the digest that its health says. */
export function addAzureFiles(folder: string, digest: string = 'd'.repeat(64)): void {
  for (const { name, bytes } of [...hostFiles('azure.mjs'), digestFile(digest)])
    writeFileSync(join(folder, name), bytes);
}

export interface Started {
  port: number;
  pid: number;
  instanceId: string;
}

/** One process of the bundled function, with a cache and a home of its own. */
export class FunctionProcess {
  readonly lines: Record<string, unknown>[] = [];
  /** Of standard error, where nothing should come. */
  readonly errors: string[] = [];
  readonly folder: string = mkdtempSync(join(tmpdir(), 'coldgate-process-'));
  readonly home: string = join(this.folder, 'home');
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(bundle: string, variables: Record<string, string>, entry = 'node.cjs') {
    this.#child = spawn(process.execPath, [join(bundle, entry), '--port', '0'], {
      env: { HOME: this.home, MODEL_STORE: 'file', MODEL_CACHE: join(this.folder, 'cache'), ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    createInterface({ input: this.#child.stderr! }).on('line', (line) => {
      this.errors.push(line);
      process.stderr.write(`${line}\n`);
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Record<string, unknown>);
    });
    this.exited = new Promise((resolve) => {
      this.#child.on('close', (code) => resolve(code));
    });
  }

  /** Waits for the first line of an event. */
  async line(event: string): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.lines.find((line) => line['event'] === event);
      if (found) return found;
      if (this.#child.exitCode !== null) throw new Error(`ended before ${event}: ${JSON.stringify(this.lines)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async listening(): Promise<Started> {
    const line = await this.line('listening');
    return { port: Number(line['port']), pid: Number(line['pid']), instanceId: String(line['instance_id']) };
  }

  async fetch(path: string, body?: unknown): Promise<Response> {
    const { port } = await this.listening();
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    return fetch(`http://127.0.0.1:${port}${path}`, body === undefined ? {} : post);
  }

  /** Where it listens already; throws where it does not. */
  async post(path: string, body: unknown, key: string): Promise<Response> {
    const port = this.lines.find((line) => line['event'] === 'listening')?.['port'];
    const headers = { 'content-type': 'application/json', 'idempotency-key': key };
    return fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async json(path: string, body?: unknown): Promise<unknown> {
    return (await this.fetch(path, body)).json();
  }

  /** Stops it, as a platform may while no request is in flight, or lets it go on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name);
  }

  /** Ends it as a platform does, and answers its exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    const code = await this.exited;
    rmSync(this.folder, { recursive: true, force: true });
    return code;
  }
}
