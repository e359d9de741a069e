import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readAll, type Store } from '../../../src/stores/store.ts';
import type { Task } from './worker.ts';

const script = fileURLToPath(new URL('worker.ts', import.meta.url));

/** A process that runs verbs on a store when told, one task after the other. */
export class VerbProcess {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #end: Promise<string>;
  #complaint = '';

  constructor() {
    this.#child = spawn(process.execPath, [script]);
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint += text;
    });
    this.#lines = createInterface({ input: this.#child.stdout! });
    this.#end = once(this.#child, 'close').then(() => this.#child.signalCode ?? String(this.#child.exitCode));
  }

  /** How each turn of the task ended; throws what the process complained of when it dies. */
  async run(task: Task): Promise<string[]> {
    const answer = once(this.#lines, 'line') as Promise<[string]>;
    this.#child.stdin!.write(`${JSON.stringify(task)}\n`);
    const line = await Promise.race([answer, this.#end.then(() => undefined)]);
    if (!line) throw new Error(`the process ended: ${this.#complaint}`);
    return JSON.parse(line[0]);
  }

  /** Runs a task in which the process kills itself; gives the signal, or the exit code where it outlived the task. */
  async runToDeath(task: Task): Promise<string> {
    this.#child.stdin!.end(`${JSON.stringify(task)}\n`);
    return this.#end;
  }

  async close(): Promise<void> {
    this.#child.stdin!.end();
    await this.#end;
  }
}

/** Writes every object of a store as a plain file, which a file store serves: a quick way to begin with many versions. */
export async function plant(from: Store, root: string): Promise<void> {
  for await (const { key } of from.list('')) {
    const path = join(root, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await readAll(await from.get(key)));
  }
}
