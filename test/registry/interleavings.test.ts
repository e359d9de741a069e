import { describe, expect, it } from 'vitest';
import { tombstoneName } from '../../src/model/layout.ts';
import { checkHistory, readHistory } from '../../src/registry/pointer/history.ts';
import { repairHistory } from '../../src/registry/pointer/repair.ts';
import { modelStatus } from '../../src/registry/pointer/status.ts';
import { surveyModel } from '../../src/registry/prune/survey.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { checkInvariants } from '../fakes/registry/invariants.ts';
import { copyInto, type Finding, interleave, shuffle, type Verb } from '../fakes/registry/schedule.ts';
import { codeOf, day, keysOf, model, overwrite, Simulation } from '../fakes/registry/simulation.ts';
import { AgedStore } from '../fakes/registry/wrapped-store.ts';

const few = (seed: string) => ({ 'model.onnx': `model ${seed}`, 'z.json': '[]' });

/** Two versions old enough to go, one live, and an unfinished publish from the day before yesterday. */
async function base(): Promise<Store> {
  const simulation = new Simulation(openMemoryStore());
  for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) await simulation.publish(version, few(version));
  for (const version of ['1.2.0', '1.3.0']) await simulation.promote(version);
  await overwrite(simulation.store, `${model}/versions/2.0.0/model.onnx`, few('new')['model.onnx']);
  return simulation.store;
}
const start = base();

async function fresh(): Promise<Simulation> {
  const simulation: Simulation = new Simulation(new AgedStore(openMemoryStore(), () => simulation.clock));
  await copyInto(await start, simulation.store);
  simulation.clock = new Date(simulation.clock.getTime() + 2 * day);
  return simulation;
}

const prune: Verb = (simulation) => simulation.prune({ retain: 1 });
const promote: Verb = async (simulation) => {
  const proof = await simulation.prove('1.0.0');
  return simulation.promote('1.0.0', { verified: proof });
};
const promoteOther: Verb = (simulation) => simulation.promote('1.1.0', { actor: 'eve' });
const stage: Verb = (simulation) => simulation.promote('1.0.0', { pointer: 'staging.json' });
const rollback: Verb = (simulation) => simulation.rollback({ to: '1.0.0' });
const back: Verb = (simulation) => simulation.rollback();
const publish: Verb = (simulation) => simulation.publish('2.0.0', few('new'));
const publishOther: Verb = (simulation) => simulation.publish('2.0.0', { ...few('new'), 'z.json': 'other' });
const promoteNew: Verb = (simulation) => simulation.promote('2.0.0');
const verify: Verb = (simulation) => simulation.verify();
const verifyOld: Verb = (simulation) => simulation.verify({ version: '1.0.0' });
const look: Verb = async ({ store }) => {
  await modelStatus(store, model);
  const { problems } = await checkHistory({ store, model });
  const { missing } = await readHistory({ store, model });
  if (problems.length > 0 || missing.length > 0) throw new Error(JSON.stringify({ problems, missing }));
};

const moved = ['lost-swap'];
const gone = ['version-being-pruned', 'version-missing'];
const pairs: [string, Verb, Verb, string[]][] = [
  ['prune and promote', prune, promote, gone],
  ['promote and prune', promote, prune, gone],
  ['prune and promote of another pointer', prune, stage, gone],
  ['first promotion of a pointer and prune', stage, prune, gone],
  ['rollback and prune', rollback, prune, gone],
  ['prune and publish', prune, publish, gone],
  ['publish and prune', publish, prune, gone],
  ['prune and prune', prune, prune, []],
  ['promote and promote', promote, promoteOther, moved],
  ['promote and rollback', promoteOther, back, moved],
  ['rollback and promote', back, promoteOther, moved],
  ['rollback and rollback', back, rollback, moved],
  ['publish and publish', publish, publish, []],
  ['publish and publish of other bytes', publish, publishOther, ['version-exists', 'leftover-differs']],
  ['publish and promote', publish, promoteNew, ['version-missing']],
  ['publish and rollback', publish, back, []],
  ['verify and prune', verifyOld, prune, gone],
  ['verify and promote', verify, promote, []],
  ['verify and publish', verify, publish, []],
  ['status, history and promote', look, promote, []],
  ['status, history and rollback', look, back, []],
  ['status, history and prune', look, prune, []],
  ['status, history and publish', look, publish, []],
];

/** Holds at once, and after a prune and a publish: nothing stays that only a hand could clear away. */
async function judge(
  simulation: Simulation,
  { schedule, outcomes }: Finding,
  allowed: readonly string[],
): Promise<void> {
  for (const outcome of outcomes) expect([undefined, 'done', ...allowed], schedule).toContain(outcome);
  const { store } = simulation;
  expect(await checkInvariants(store, model), schedule).toEqual([]);
  simulation.clock = new Date(simulation.clock.getTime() + 2 * day);
  await simulation.prune({ retain: 1 });
  for (const pointer of (await surveyModel(store, model)).pointers.keys()) {
    await repairHistory({ store, model, pointer, log: simulation.log });
  }
  const again = await codeOf(simulation.publish('2.0.0', few('new')));
  expect(['done', ...(allowed.includes('version-exists') ? ['version-exists'] : [])], schedule).toContain(again);
  expect(await checkInvariants(store, model, { settled: true }), schedule).toEqual([]);
  const rest = (await keysOf(store)).filter((key) => key.endsWith(tombstoneName) || key.includes('/leases/'));
  expect(rest, schedule).toEqual([]);
}

/** Schedules a pair in a usual run; all of them, which takes minutes, with COLDGATE_ALL_SCHEDULES=1. */
const most = process.env['COLDGATE_ALL_SCHEDULES'] ? Number.POSITIVE_INFINITY : 40;

describe('two verbs, each stopped or killed at any request of the other', () => {
  it.each(pairs)('hold every promise: %s', async (_name, first, second, allowed) => {
    const runs = await interleave(
      fresh,
      [first, second],
      (simulation, finding) => judge(simulation, finding, allowed),
      most,
    );
    expect(runs).toBeGreaterThan(15);
  });
});

describe('many verbs at once, taking turns at random, some of them killed', () => {
  const all = [prune, promote, promoteOther, rollback, publish, prune, back, promoteNew, publishOther];
  it('hold every promise', async () => {
    const allowed = [...moved, ...gone, 'version-exists', 'leftover-differs'];
    for (let seed = 1; seed <= 150; seed += 1) {
      const simulation = await fresh();
      await judge(simulation, await shuffle(simulation, all, seed), allowed);
    }
  });
});
