import { describe, expect, it } from 'vitest';
import { pointerKey } from '../../src/model/layout.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { openStore } from '../../src/stores/open.ts';
import type { Store } from '../../src/stores/store.ts';
import { checkInvariants } from '../fakes/registry/invariants.ts';
import { plant, VerbProcess } from '../fakes/registry/processes.ts';
import { codeOf, keysOf, model, Simulation, textAt } from '../fakes/registry/simulation.ts';
import { namedVerbs } from '../fakes/registry/verbs.ts';
import { type StoreFolder, temporaryStore } from '../fakes/stores/folder.ts';

async function begin(): Promise<Simulation> {
  const simulation = new Simulation(openMemoryStore());
  for (const version of ['0.8.0', '0.9.0', '1.0.0', '1.1.0', '1.2.0']) await simulation.publish(version);
  for (const version of ['1.2.0', '1.1.0']) await simulation.promote(version);
  return simulation;
}
const beginning = begin();

async function prepared(): Promise<{ folder: StoreFolder; simulation: Simulation }> {
  const folder = await temporaryStore();
  await plant((await beginning).store, folder.root);
  return { folder, simulation: new Simulation(await openStore(folder.settings)) };
}

/** All keys but leases, and what is live. */
async function stateOf(store: Store): Promise<string[]> {
  const keys = (await keysOf(store)).filter((key) => !key.includes('/leases/'));
  return [...keys, JSON.parse(await textAt(store, pointerKey(model))).version];
}

/** More kills with COLDGATE_KILLS=n. */
const kills = Number(process.env['COLDGATE_KILLS'] ?? 4);

describe('a process killed in the middle of a request', () => {
  it.each([
    ['publish', 11],
    ['promote', 16],
    ['rollback', 16],
    ['prune', 30],
  ])('leaves nothing that running %s again does not put right', async (verb, requests) => {
    const wanted = await prepared();
    expect(await namedVerbs[verb]!(wanted.simulation, 0)).toBe('done');
    const goal = await stateOf(wanted.simulation.store);
    await wanted.folder.close();
    for (let round = 0; round < kills; round += 1) {
      const { folder, simulation } = await prepared();
      try {
        const dieAt = Math.floor(((round + Math.random()) * requests) / kills);
        const dieAfter = Math.floor(Math.random() * 40);
        const task = { store: folder.settings.url, verb, times: 1, dieAt, dieAfter };
        const end = await new VerbProcess().runToDeath(task);
        const where = `${verb} killed ${dieAfter} turns into request ${dieAt}: ${end}`;
        expect(await checkInvariants(simulation.store, model), where).toEqual([]);
        expect(await namedVerbs[verb]!(simulation, 0), where).toBe('done');
        expect(await checkInvariants(simulation.store, model, { settled: true }), where).toEqual([]);
        expect(await stateOf(simulation.store), where).toEqual(goal);
      } finally {
        await folder.close();
      }
    }
  });

  it('leaves nothing that promoting from another store again does not put right', async () => {
    const origin = await prepared();
    await origin.simulation.publish('2.0.0');
    const from = { store: origin.folder.settings.url, version: '2.0.0' };
    // Requests: pointer, both versions, lease, per file the copy and its reading back, manifest, the swap.
    const requests = 18;
    for (let round = 0; round < kills; round += 1) {
      const { folder, simulation } = await prepared();
      try {
        const dieAt = Math.floor(((round + Math.random()) * requests) / kills);
        const dieAfter = Math.floor(Math.random() * 40);
        const task = { store: folder.settings.url, verb: 'promote', from, times: 1, dieAt, dieAfter };
        const where = `killed ${dieAfter} turns into request ${dieAt}: ${await new VerbProcess().runToDeath(task)}`;
        expect(await checkInvariants(simulation.store, model), where).toEqual([]);
        expect(await codeOf(simulation.promoteFrom(origin.simulation.store, '2.0.0')), where).toBe('done');
        expect(await checkInvariants(simulation.store, model, { settled: true }), where).toEqual([]);
        expect((await stateOf(simulation.store)).at(-1), where).toBe('2.0.0');
      } finally {
        await folder.close();
      }
    }
    await origin.folder.close();
  });
});
