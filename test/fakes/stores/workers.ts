import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StoreSettings } from '../../../src/config/types.ts';

/** A process that runs a script of this folder on a store: says `ready`, waits for `go`, says what happens, a line each. */
export interface Worker {
  process: ChildProcess;
  /** What it has printed so far. */
  lines: string[];
  /** Resolves when it has printed the line; rejects when it ends without. */
  printed(line: string): Promise<void>;
  go(): void;
  /** Its signal, or its exit code and what it complained of, once it has ended and everything it printed is in `lines`. */
  end: Promise<string>;
}

export function startWorker(script: string, settings: StoreSettings, plan: object): Worker {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, JSON.stringify(settings), JSON.stringify(plan)]);
  const lines: string[] = [];
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaint += text;
  });
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const end = once(child, 'close').then(() => child.signalCode ?? `${child.exitCode}${complaint}`);
  const printed = async (line: string) => {
    while (!lines.includes(line)) {
      const ended = await Promise.race([once(reader, 'line').then(() => false), end.then(() => true)]);
      if (ended && !lines.includes(line)) throw new Error(`the worker ended before it printed "${line}": ${complaint}`);
    }
  };
  return { process: child, lines, printed, end, go: () => void child.stdin.end('go\n') };
}

/** Starts one worker a plan, lets them all go at once and gathers the last line of each, which is JSON. */
export async function raceWorkers<T>(script: string, settings: StoreSettings, plans: object[]): Promise<T[]> {
  const workers = plans.map((plan) => startWorker(script, settings, plan));
  try {
    await Promise.all(workers.map((worker) => worker.printed('ready')));
    for (const worker of workers) worker.go();
    await Promise.all(workers.map((worker) => worker.end));
    return workers.map((worker) => JSON.parse(worker.lines.at(-1) ?? ''));
  } finally {
    for (const worker of workers) worker.process.kill('SIGKILL');
  }
}
