import { describe, expect, it } from 'vitest';
import { tombstoneName } from '../../src/model/layout.ts';
import { checkHistory, readHistory } from '../../src/registry/history.ts';
import { repairHistory } from '../../src/registry/repair.ts';
import { modelStatus } from '../../src/registry/status.ts';
import { surveyModel } from '../../src/registry/survey.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { checkInvariants } from '../fakes/registry-invariants.ts';
import { copyInto, type Finding, interleave, shuffle, type Verb } from '../fakes/registry-schedule.ts';
import { codeOf, day, keysOf, model, overwrite, World } from '../fakes/registry-world.ts';
import { AgedStore } from '../fakes/registry-wrapped-store.ts';

const few = (seed: string) => ({ 'model.onnx': `model ${seed}`, 'z.json': '[]' });

/** Two versions old enough to go, one live, and an unfinished publish from the day before yesterday. */
async function base(): Promise<Store> {
  const world = new World(openMemoryStore());
  for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) await world.publish(version, few(version));
  for (const version of ['1.2.0', '1.3.0']) await world.promote(version);
  await overwrite(world.store, `${model}/versions/2.0.0/model.onnx`, few('new')['model.onnx']);
  return world.store;
}
const start = base();

async function fresh(): Promise<World> {
  const world: World = new World(new AgedStore(openMemoryStore(), () => world.clock));
  await copyInto(await start, world.store);
  world.clock = new Date(world.clock.getTime() + 2 * day);
  return world;
}

const prune: Verb = (world) => world.prune({ retain: 1 });
const promote: Verb = async (world) => {
  const proof = await world.prove('1.0.0');
  return world.promote('1.0.0', { verified: proof });
};
const promoteOther: Verb = (world) => world.promote('1.1.0', { actor: 'eve' });
const stage: Verb = (world) => world.promote('1.0.0', { pointer: 'staging.json' });
const rollback: Verb = (world) => world.rollback({ to: '1.0.0' });
const back: Verb = (world) => world.rollback();
const publish: Verb = (world) => world.publish('2.0.0', few('new'));
const publishOther: Verb = (world) => world.publish('2.0.0', { ...few('new'), 'z.json': 'other' });
const promoteNew: Verb = (world) => world.promote('2.0.0');
const verify: Verb = (world) => world.verify();
const verifyOld: Verb = (world) => world.verify({ version: '1.0.0' });
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
async function judge(world: World, { schedule, outcomes }: Finding, allowed: readonly string[]): Promise<void> {
  for (const outcome of outcomes) expect([undefined, 'done', ...allowed], schedule).toContain(outcome);
  const { store } = world;
  expect(await checkInvariants(store, model), schedule).toEqual([]);
  world.clock = new Date(world.clock.getTime() + 2 * day);
  await world.prune({ retain: 1 });
  for (const pointer of (await surveyModel(store, model)).pointers.keys()) {
    await repairHistory({ store, model, pointer, log: world.log });
  }
  const again = await codeOf(world.publish('2.0.0', few('new')));
  expect(['done', ...(allowed.includes('version-exists') ? ['version-exists'] : [])], schedule).toContain(again);
  expect(await checkInvariants(store, model, { settled: true }), schedule).toEqual([]);
  const rest = (await keysOf(store)).filter((key) => key.endsWith(tombstoneName) || key.includes('/pins/'));
  expect(rest, schedule).toEqual([]);
}

/** Schedules a pair in a usual run; all of them, which takes minutes, with COLDGATE_ALL_SCHEDULES=1. */
const most = process.env['COLDGATE_ALL_SCHEDULES'] ? Number.POSITIVE_INFINITY : 40;

describe('two verbs, each stopped or killed at any request of the other', () => {
  it.each(pairs)('hold every promise: %s', async (_name, first, second, allowed) => {
    const runs = await interleave(fresh, [first, second], (world, finding) => judge(world, finding, allowed), most);
    expect(runs).toBeGreaterThan(15);
  });
});

describe('many verbs at once, taking turns at random, some of them killed', () => {
  const all = [prune, promote, promoteOther, rollback, publish, prune, back, promoteNew, publishOther];
  it('hold every promise', async () => {
    const allowed = [...moved, ...gone, 'version-exists', 'leftover-differs'];
    for (let seed = 1; seed <= 150; seed += 1) {
      const world = await fresh();
      await judge(world, await shuffle(world, all, seed), allowed);
    }
  });
});
