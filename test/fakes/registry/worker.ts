import { createInterface } from 'node:readline';
import { openStore } from '../../../src/stores/open.ts';
import type { Store } from '../../../src/stores/store.ts';
import { codeOf, Simulation } from './simulation.ts';
import { namedVerbs } from './verbs.ts';
import { type Request, WrappedStore } from './wrapped-store.ts';

/** One line of input is one task; the answer is one line. Ends with its input, or by its own hand where told. */
export interface Task {
  store: string;
  verb: string;
  /** Promotes this version from another store instead. */
  from?: { store: string; version: string };
  times: number;
  /** Dies by SIGKILL in the middle of this request, counted from 0, so many event-loop turns after it began. */
  dieAt?: number;
  dieAfter?: number;
}

class DyingStore extends WrappedStore {
  readonly #task: Task;
  #count = 0;

  constructor(inner: Store, task: Task) {
    super(inner);
    this.#task = task;
  }

  protected override async request<T>(_request: Request, act: () => Promise<T>): Promise<T> {
    if (this.#count++ !== this.#task.dieAt) return act();
    const acting = act();
    for (let turn = 0; turn < (this.#task.dieAfter ?? 0); turn += 1) await new Promise((r) => setImmediate(r));
    process.kill(process.pid, 'SIGKILL');
    return acting;
  }
}

async function work(task: Task): Promise<string[]> {
  const simulation = new Simulation(new DyingStore(await openStore({ url: task.store }), task));
  const outcomes: string[] = [];
  const { from } = task;
  if (from) return [await codeOf(simulation.promoteFrom(await openStore({ url: from.store }), from.version))];
  for (let turn = 0; turn < task.times; turn += 1) outcomes.push(await namedVerbs[task.verb]!(simulation, turn));
  return outcomes;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await work(JSON.parse(line)))}\n`);
}
