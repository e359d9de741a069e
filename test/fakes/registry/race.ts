import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StoreSettings } from '../../../src/config/types.ts';
import type { Store } from '../../../src/stores/store.ts';
import type { PromoterReport, PromoterTask } from './promoter.ts';
import { Simulation } from './simulation.ts';

const script = fileURLToPath(new URL('promoter.ts', import.meta.url));

export interface Race {
  writers: number;
  /** Promotions of each. */
  each: number;
}

/**
 * What the pace waits is made for fifty writers. Fewer wait for their part of it, so that they meet as often as fifty do,
 * and none of a short race is spent on waiting alone.
 */
const partOfPauses = ({ writers }: Race): number => Math.min(1, writers / 50);

export const versionsOf = (writer: number): [string, string] => [`1.${writer}.0`, `1.${writer}.1`];
export const actorOf = (writer: number): string => `writer-${writer}`;

/** Publishes two small versions for each writer, and makes one more live, which is move 1. */
export async function prepareRace(store: Store, { writers }: Race): Promise<void> {
  const simulation = new Simulation(store);
  const versions = Array.from({ length: writers }, (_, writer) => versionsOf(writer)).flat();
  const waiting = ['0.9.0', ...versions].values();
  const work = async () => {
    for (const version of waiting) await simulation.publish(version, { 'model.onnx': `model ${version}` });
  };
  await Promise.all(Array.from({ length: 8 }, work));
  await simulation.promote('0.9.0');
}

class Promoter {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #complaint = '';

  constructor() {
    this.#child = spawn(process.execPath, [script]);
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint += text;
    });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async prepare(task: PromoterTask): Promise<void> {
    this.#child.stdin!.write(`${JSON.stringify(task)}\n`);
    await this.#line();
  }

  async run(): Promise<PromoterReport> {
    this.#child.stdin!.write('go\n');
    return JSON.parse(await this.#line());
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const end = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await end;
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`a writer ended early: ${this.#complaint}`);
    return value;
  }
}

/** Processes that promote at the same time, in one store after another. */
export class Crew {
  readonly #promoters: Promoter[] = [];

  /** @param env what the processes' drivers find there */
  async race(settings: StoreSettings, race: Race, env: Record<string, string>): Promise<PromoterReport[]> {
    const { writers, each } = race;
    const pauses = partOfPauses(race);
    while (this.#promoters.length < writers) this.#promoters.push(new Promoter());
    const racing = this.#promoters.slice(0, writers);
    await Promise.all(
      racing.map((promoter, at) =>
        promoter.prepare({ settings, actor: actorOf(at), versions: versionsOf(at), times: each, pauses, env }),
      ),
    );
    return await Promise.all(racing.map((promoter) => promoter.run()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#promoters.map((promoter) => promoter.close()));
  }
}
