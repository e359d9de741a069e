import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { WorkerTask } from './worker.ts';

export interface Worker {
  child: ChildProcess;
  /** What it wrote, once it has ended; its exit code is null when it was killed. */
  done: Promise<{ code: number | null; output: string; errors: string }>;
}

/** Starts another run of Coldgate, as a process of its own. */
export function startWorker(task: WorkerTask): Worker {
  const script = join(import.meta.dirname, 'worker.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const done = new Promise<Awaited<Worker['done']>>((resolve) => {
    child.on('exit', (code) => setImmediate(() => resolve({ code, output, errors })));
  });
  return { child, done };
}
