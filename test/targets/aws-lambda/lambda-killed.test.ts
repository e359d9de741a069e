import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReleaseBench } from '../../lambda/release-bench.ts';
import type { Call } from '../../lambda/stand-in.ts';

/*
 * The command line is killed with SIGKILL at a call to AWS, after the call was done and before its answer came, and then
 * run again half an hour later. What it leaves must be what an undisturbed run leaves. Where no real function is needed
 * for that, functions answer at once from the test's process.
 */
const laterMs = 31 * 60_000;

interface Point {
  at: number;
  what: string;
}

/**
 * Every call that changes something: killed at one that only reads, a run leaves what the change before it has left. Of a
 * measurement's many equal starts, whose versions are published and deleted, the first two and the last.
 */
function pointsOf(calls: readonly Call[]): Point[] {
  const points = calls.map(({ operation, mutating }, at) => ({
    at: at + 1,
    what: `${operation}, ${at + 1}`,
    mutating,
  }));
  const starts = points.filter(({ at }) => calls[at - 1]?.operation === 'Invoke').map(({ at }) => at);
  const [from = 0, to = 0] = [starts[2], starts.at(-2)];
  return points.filter(({ at, mutating }) => mutating && (starts.length < 4 || at < from || at > to));
}

class Killer {
  readonly bench: ReleaseBench;
  readonly #restore: () => Promise<void>;

  private constructor(bench: ReleaseBench, restore: () => Promise<void>) {
    this.bench = bench;
    this.#restore = restore;
  }

  static async open(prepare: (bench: ReleaseBench) => Promise<void>): Promise<Killer> {
    const bench = await ReleaseBench.open({ looks: 0 });
    await prepare(bench);
    return new Killer(bench, await bench.keep());
  }

  /** An undisturbed run: the calls it makes, and what it leaves. */
  async undisturbed(verb: string): Promise<{ points: Point[]; left: string[] }> {
    const { bench } = this;
    await this.#restore();
    bench.lambda.calls.splice(0);
    expect((await bench.run([verb])).exit).toBe(0);
    return { points: pointsOf(bench.lambda.calls.splice(0)), left: this.left() };
  }

  left(): string[] {
    const { version, kind, sequence } = this.bench.pointer() ?? {};
    return [...this.bench.inventory(), `pointer ${version} ${kind} ${sequence}`];
  }

  /** Kills a run at that call, runs it again, and answers what is left. */
  async killAt(verb: string, { at }: Point): Promise<string[]> {
    const { bench } = this;
    await this.#restore();
    let kill: (signal: NodeJS.Signals) => void = () => {};
    let count = 0;
    bench.lambda.onDone = () => {
      if (++count === at) kill('SIGKILL');
    };
    const killed = await bench.run([verb], (by) => {
      kill = by;
    });
    expect(killed.exit).toBeNull();
    bench.lambda.onDone = () => {};
    bench.env = { CLOCK_AHEAD_MS: String(laterMs) };
    const { exit, stderr } = await bench.run([verb]);
    bench.env = {};
    expect([exit, exit === 0 ? '' : stderr]).toEqual([0, '']);
    return this.left();
  }
}

async function secondRelease(bench: ReleaseBench): Promise<void> {
  expect((await bench.run(['ship'])).exit).toBe(0);
  bench.release({ version: '1.1.0', bias: 0.25 });
}

const firstDeployment = async (bench: ReleaseBench): Promise<void> => {
  expect((await bench.run(['publish'])).exit).toBe(0);
};

const cases: [string, (bench: ReleaseBench) => Promise<void>, number][] = [
  ['deploy', firstDeployment, 7],
  ['ship', secondRelease, 15],
];

describe.each(cases)('%s to Lambda, killed at a call and run again', (verb, prepare, least) => {
  const lanes: Killer[] = [];
  beforeAll(async () => {
    lanes.push(...(await Promise.all([Killer.open(prepare), Killer.open(prepare)])));
  });
  afterAll(async () => {
    await Promise.all(lanes.map(({ bench }) => bench.close()));
  });

  it('converges on what an undisturbed run leaves, and destroy leaves nothing', { timeout: 600_000 }, async () => {
    const { points, left } = await lanes[0]!.undisturbed(verb);
    expect(points.length).toBeGreaterThan(least);
    const queue = [...points];
    const different: Record<string, string[]> = {};
    const work = async (lane: Killer): Promise<void> => {
      for (let point = queue.shift(); point; point = queue.shift()) {
        const now = await lane.killAt(verb, point);
        if (JSON.stringify(now) !== JSON.stringify(left)) different[point.what] = now;
      }
    };
    await Promise.all(lanes.map(work));
    expect({ left, different }).toEqual({ left, different: {} });
    const { bench } = lanes[0]!;
    expect((await bench.run(['destroy'])).exit).toBe(0);
    expect(bench.inventory().filter((line) => !line.startsWith('log group'))).toEqual([]);
  });
});
