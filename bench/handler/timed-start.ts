import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Goal, msText, type Paired } from '../goal.ts';
import type { BenchModel } from './models.ts';

/** One start of a process, up to its first prediction. */
export interface Start {
  ms: number;
  peakMb: number;
}

const peakOf = (pid: number): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

async function predict(port: number, body: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  if (!answer.ok) throw new Error(`no prediction: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}

/** From the start of a process to its first prediction, and its peak memory then. It is killed after `last`. */
export async function timed(child: ChildProcess, body: string, last?: () => Promise<void>): Promise<Start> {
  const started = performance.now();
  const exited = new Promise((resolve) => child.once('close', resolve));
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      const { event, port } = JSON.parse(line) as { event?: string; port: number };
      if (event !== 'listening') continue;
      await predict(port, body);
      const start = { ms: performance.now() - started, peakMb: peakOf(child.pid!) };
      await last?.();
      return start;
    }
    throw new Error('The process ended before it listened.');
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
}

/** A row of starts; without a limit it only stands beside the others, and nobody promised anything of it. */
export const startGoal = (
  { name }: BenchModel,
  peer: string,
  taken: Paired,
  limit: number = Number.POSITIVE_INFINITY,
): Goal => ({
  what: `process start to first prediction, ${name} on the disk`,
  ...{ peer, ours: msText(taken.ours), theirs: msText(taken.theirs) },
  ...{ value: taken.ratio, limit, unit: '×' },
});
