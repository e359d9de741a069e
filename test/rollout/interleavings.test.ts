import { describe, expect, it } from 'vitest';
import { ColdgateError } from '../../src/errors.ts';
import { silentLogger } from '../../src/log.ts';
import type { PackageFile } from '../../src/package/package-file.ts';
import { rolloutTarget } from '../../src/rollout/rollout.ts';
import type { DeployRequest, Target } from '../../src/rollout/target.ts';
import { MemoryService, memoryPlatform } from './memory-platform.ts';

const name = 'digits-memory';
const settings = { name, model: 'digits', storeVariables: {}, handlerVariables: {} };
const file = (digit: string): PackageFile => ({ path: '', sha256: digit.repeat(64), size: 1 });
const [before, after, broken, spoiling] = [file('1'), file('2'), file('3'), file('4')];
const request = (role: 'candidate' | 'live', from: PackageFile): DeployRequest => ({
  ...{ settings, package: from, role, version: '1.0.0', sha256: 'a'.repeat(64) },
  sample: { inputs: { x: [1] }, outputs: { y: [2] } },
});

/** A rollout whose calls to the service each wait for their turn; left standing, it is what a killed process is. */
class Run {
  readonly #waiting: (() => void)[] = [];
  outcome: string | undefined;
  steps = 0;

  constructor(service: MemoryService, verb: Verb) {
    const step = () => new Promise<void>((resolve) => this.#waiting.push(resolve));
    void verb(targetOf(service, step)).then(
      () => {
        this.outcome = 'done';
      },
      (error: unknown) => {
        this.outcome = error instanceof ColdgateError ? error.code : `unexpected: ${String(error)}`;
      },
    );
  }

  async go(steps = 1000): Promise<void> {
    await settled();
    for (let done = 0; done < steps && this.outcome === undefined; done += 1) {
      this.#waiting.shift()?.();
      this.steps += 1;
      await settled();
    }
  }
}

async function settled(): Promise<void> {
  for (let round = 0; round < 2; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

const targetOf = (service: MemoryService, step?: () => Promise<void>): Target => {
  const { signal } = new AbortController();
  return rolloutTarget(memoryPlatform(service, step), { log: silentLogger, signal, pause: async () => {} });
};

type Verb = (target: Target) => Promise<unknown>;

const verbs: Record<string, Verb> = {
  deploy: (target) => target.deploy(request('candidate', after)),
  route: (target) => target.route(request('live', after)),
  'route what does not work': (target) => target.route(request('live', broken)),
  'route what fails behind its address': (target) => target.route(request('live', spoiling)),
  restore: async (target) => {
    const { live } = await target.describe(settings);
    if (live) await target.restore(request('live', before), { from: live, to: { ...live, id: 'r1' } });
  },
  sample: async (target) => {
    const { role: _, ...start } = request('candidate', after);
    await target.sample({ ...start, timeoutMs: 1000 });
  },
  'remove candidates': (target) => target.remove(settings, 'candidates'),
  destroy: (target) => target.remove(settings, 'all'),
};

/** A service on which the package before is live, with a candidate of it. */
async function simulation(): Promise<MemoryService> {
  const versions = new Map([['1.0.0', { sha256: 'a'.repeat(64), factor: 2 }]]);
  const service = new MemoryService({ pointer: '1.0.0', versions });
  service.broken.add(broken.sha256);
  service.spoiling.add(spoiling.sha256);
  const target = targetOf(service);
  await target.route(request('live', before));
  await target.deploy(request('candidate', before));
  return service;
}

/** What must hold wherever two rollouts have been, and whoever was killed. */
async function judge(service: MemoryService, schedule: string, runs: readonly Run[], destroys: boolean): Promise<void> {
  const outcomes = runs.map(({ outcome }) => outcome ?? 'killed');
  const where = `${schedule}: ${outcomes.join(', ')}`;
  expect(service.violations, where).toEqual([]);
  expect(
    outcomes.filter((one) => one.startsWith('unexpected')),
    where,
  ).toEqual([]);
  const found = service.functions.get(name);
  const live = found?.revisions.get(found.live ?? '');
  // What serves is never taken away but by a destroy, and never gives way to what does not work.
  if (!destroys) expect(live?.broken, where).toBe(false);
  if (!destroys && !outcomes.includes('killed')) expect(live?.packageSha256, where).not.toBe(spoiling.sha256);
  // Run again without a disturbance, it converges, and the next look finds nothing that nobody names.
  const target = targetOf(service);
  service.clock += 1;
  const routed = await target.route(request('live', after));
  await target.remove(settings, 'candidates');
  const state = await target.describe(settings);
  expect(state, where).toEqual({ live: routed.revision, candidates: [] });
  expect(state.live?.packageSha256, where).toBe(after.sha256);
  expect(service.get(name).revisions.size, where).toBe(1);
  await target.remove(settings, 'all');
  expect(service.functions.size, where).toBe(0);
}

async function length(verb: Verb): Promise<number> {
  const run = new Run(await simulation(), verb);
  await run.go();
  return run.steps;
}

describe('two rollouts of one function, switched between at every call, each also killed there', () => {
  const names = Object.keys(verbs);
  for (const [at, first] of names.entries()) {
    for (const second of names.slice(at)) {
      it(`${first} and ${second}`, async () => {
        const pair = [verbs[first]!, verbs[second]!] as const;
        const destroys = first === 'destroy' || second === 'destroy';
        const lengths = [await length(pair[0]), await length(pair[1])];
        expect(Math.min(...lengths)).toBeGreaterThan(0);
        for (const killed of ['nobody', 'first', 'second']) {
          for (let i = 0; i <= lengths[0]!; i += 1) {
            for (let j = 1; j <= lengths[1]! + 1; j += 1) {
              const service = await simulation();
              const runs = pair.map((verb) => new Run(service, verb)) as [Run, Run];
              await runs[0].go(i);
              await runs[1].go(j);
              if (killed !== 'first') await runs[0].go();
              if (killed !== 'second') await runs[1].go();
              await judge(service, `${i}, ${j}, killed ${killed}`, runs, destroys);
            }
          }
        }
      });
    }
  }
});
