import { expect } from 'vitest';
import type { Target } from '../../src/rollout/target.ts';
import type { Call, Fault } from './context.ts';
import { type AzureBench, functionName } from './target-bench.ts';

/** A part of a release, small enough to be disturbed at each of its calls. */
export interface Part {
  /** What must be there before it. */
  before?: (bench: AzureBench) => Promise<unknown>;
  run(bench: AzureBench, target: Target): Promise<unknown>;
  /** What apps are for that are there after it. */
  after: string[];
}

const live = (note: string) => async (bench: AzureBench, target: Target) => {
  const { revision } = await target.route(bench.request('live', 0, bench.package(note)));
  expect(revision.packageSha256).toBe(bench.package(note).sha256);
};

export const parts: Record<string, Part> = {
  'a candidate': {
    run: (bench, target) => target.deploy(bench.request('candidate', 1)),
    after: ['candidate'],
  },
  'a first live app': { run: live('first'), after: ['live'] },
  'a changed package': {
    before: async (bench) => live('first')(bench, await bench.target()),
    run: live('second'),
    after: ['live'],
  },
  'a sample': {
    run: async (bench, target) => {
      const start = await target.sample({ ...bench.request('candidate', 0), timeoutMs: 30_000 });
      expect(start).toMatchObject({ status: 'ok' });
      await target.endSampling?.({ name: functionName });
    },
    after: [],
  },
  'a removal': {
    before: async (bench) => (await bench.target()).deploy(bench.request('candidate', 1)),
    run: (_bench, target) => target.remove({ name: functionName }, 'all'),
    after: [],
  },
};

/** A clock that can be put ahead: leases of a killed run end, and its samples may be removed. */
export const clock = { ahead: 0, now: (): Date => new Date(Date.now() + clock.ahead) };

/** From nothing to where a part begins. */
export async function begin(bench: AzureBench, { before }: Part): Promise<void> {
  await (await bench.target()).remove({ name: functionName }, 'all');
  expect(bench.leftovers()).toEqual([]);
  await before?.(bench);
  bench.azure.calls();
}

/** Calls of a part that change something. */
export async function changing(bench: AzureBench, part: Part): Promise<string[]> {
  await begin(bench, part);
  await part.run(bench, await bench.target());
  return bench.azure.calls().flatMap(({ method, mutating }) => (mutating ? [method] : []));
}

/** Has something go wrong at the nth call that changes something, from 0. */
export function disturb({ azure }: AzureBench, nth: number, fault: (call: Call) => Fault | undefined): void {
  let count = 0;
  azure.context.fault = (call) => (call.mutating && count++ === nth ? fault(call) : undefined);
}

export function calm({ azure }: AzureBench): void {
  azure.context.fault = () => undefined;
}

/** What there is of so many apps: on Premium they share plan and container, and a live one may have a slot. */
function countOf(bench: AzureBench, apps: number): number {
  if (bench.defaults['plan'] !== 'premium') return 3 * apps;
  return apps === 0 ? 0 : apps + bench.sites('next').length + 2;
}

/** What differs from what a part leaves: apps with their plans and containers, and nothing else. */
export function wrong(bench: AzureBench, { after }: Part): string[] {
  const roles = bench.sites().flatMap(({ slot, tags }) => (slot === undefined ? [String(tags['coldgate-role'])] : []));
  const left = bench.leftovers();
  return JSON.stringify(roles.sort()) === JSON.stringify(after) && left.length === countOf(bench, after.length)
    ? []
    : left;
}
