import { expect } from 'vitest';
import type { Target } from '../../src/rollout/target.ts';
import type { Call, Fault } from './context.ts';
import { type AzureBench, functionName } from './target-bench.ts';

/** A part of a release, small enough to be disturbed at each of its calls. */
export interface Part {
  /** What must be there before it. */
  before?: (bench: AzureBench) => Promise<unknown>;
  /** @param turn another one asks for another package */
  run(bench: AzureBench, target: Target, turn: number): Promise<unknown>;
  /** What apps are for that are there after it. */
  after: string[];
  /**
   * Where what a turn leaves is what the next one begins with: calls that make what is there from the second turn on, and are
   * disturbed in a first turn all the same.
   */
  repeats?: RegExp;
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
    run: (bench, target, turn) => live(`turn ${turn}`)(bench, target),
    after: ['live'],
    // The slot of Premium stays.
    repeats: /Slot$/,
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

/**
 * As `begin`, for a turn whose call of this method is to be disturbed.
 * @param isLeft the turn before has left what it should
 */
export async function beginTurn(bench: AzureBench, part: Part, method: string, isLeft: boolean): Promise<void> {
  if (!isLeft || !part.repeats || part.repeats.test(method)) await begin(bench, part);
  bench.azure.calls();
}

/** Calls of a part that change something, in its first turn, and in a further one as far as there are any. */
export async function changing(bench: AzureBench, part: Part): Promise<string[]> {
  await begin(bench, part);
  const turn = async (nth: number): Promise<string[]> => {
    await part.run(bench, await bench.target(), nth);
    return bench.azure.calls().flatMap(({ method, mutating }) => (mutating ? [method] : []));
  };
  const first = await turn(-1);
  if (!part.repeats) return first;
  const further = await turn(-2);
  // A further turn has every call of a first one, so that none is left out.
  expect(further).toEqual(expect.arrayContaining(first));
  return further;
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
