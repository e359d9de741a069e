import { createInterface } from 'node:readline';
import type { StoreSettings } from '../../../src/config/types.ts';
import { pause } from '../../../src/pause.ts';
import { Pace } from '../../../src/registry/pointer/pace.ts';
import { openStore } from '../../../src/stores/open.ts';
import { Simulation } from './simulation.ts';
import { CountingStore } from './wrapped-store.ts';

/** A writer that promotes its two versions in turn, and goes on whoever wins in between. */
export interface PromoterTask {
  settings: StoreSettings;
  actor: string;
  versions: readonly [string, string];
  times: number;
  /** The part of each pause that it waits, up to 1. */
  pauses: number;
  /** What its driver finds credentials in; set in the process. */
  env: Record<string, string>;
}

export interface PromoterReport {
  /** Of its moves. */
  sequences: number[];
  /** Of its promotions, without those of the preparation. */
  requests: { pointer: number; history: number; others: number };
}

async function prepare({ settings, versions }: PromoterTask) {
  const counting = new CountingStore(await openStore(settings));
  const simulation = new Simulation(counting);
  const proofs = [await simulation.prove(versions[0]), await simulation.prove(versions[1])] as const;
  // The record of doctor is read once a process.
  await simulation.promote(versions[0], { dryRun: true });
  counting.requests.length = 0;
  return { simulation, proofs, counting };
}

async function promote(task: PromoterTask, { simulation, proofs, counting }: Awaited<ReturnType<typeof prepare>>) {
  const report: PromoterReport = { sequences: [], requests: { pointer: 0, history: 0, others: 0 } };
  const sleep = (ms: number) => pause(ms * task.pauses, undefined);
  const real = { actor: task.actor, now: () => new Date(), sleep, pace: new Pace() };
  for (let turn = 0; turn < task.times; turn += 1) {
    const at = (turn % 2) as 0 | 1;
    const moved = await simulation.promote(task.versions[at], { ...real, verified: proofs[at] });
    if (!moved.promoted) throw new Error(`${task.versions[at]} was live already`);
    report.sequences.push(moved.sequence);
  }
  for (const { key } of counting.requests) {
    report.requests[key.endsWith('/current.json') ? 'pointer' : key.includes('/history/') ? 'history' : 'others'] += 1;
  }
  return report;
}

/** One race after another: a task a line, then `go`; a process and its drivers need a second of processor to start. */
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
for (let line = await lines.next(); !line.done; line = await lines.next()) {
  const task: PromoterTask = JSON.parse(line.value);
  for (const [name, value] of Object.entries(task.env)) process.env[name] = value;
  const prepared = await prepare(task);
  process.stdout.write('ready\n');
  await lines.next();
  process.stdout.write(`${JSON.stringify(await promote(task, prepared))}\n`);
}
process.exit(0);
