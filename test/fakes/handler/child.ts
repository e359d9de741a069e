import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A process that runs a function as its platform does; every line that it prints is kept, errors also shown. */
export class HandlerChild {
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  readonly process: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(args: string[], env: Record<string, string>) {
    this.process = spawn(process.execPath, args, {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    createInterface({ input: this.process.stderr! }).on('line', (line) => {
      this.errors.push(line);
      process.stderr.write(`${line}\n`);
    });
    createInterface({ input: this.process.stdout! }).on('line', (line) => this.lines.push(line));
    this.#ended = new Promise((resolve) => this.process.on('close', () => resolve()));
  }

  /** Waits for the `port` line. */
  async port(): Promise<number> {
    for (;;) {
      const line = this.lines.find((one) => one.startsWith('{"event":"port"'));
      if (line) return (JSON.parse(line) as { port: number }).port;
      if (this.process.exitCode !== null) throw new Error(`ended early: ${this.lines.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async stop(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.#ended;
  }
}
