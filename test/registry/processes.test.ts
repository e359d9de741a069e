import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tombstoneName } from '../../src/model/layout.ts';
import { repairHistory } from '../../src/registry/pointer/repair.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { openStore } from '../../src/stores/open.ts';
import { checkInvariants } from '../fakes/registry/invariants.ts';
import { plant, VerbProcess } from '../fakes/registry/processes.ts';
import { keysOf, model, Simulation } from '../fakes/registry/simulation.ts';
import { temporaryStore } from '../fakes/stores/folder.ts';

async function begin(): Promise<Simulation> {
  const simulation = new Simulation(openMemoryStore());
  for (const version of ['0.9.0', '1.0.0', '1.1.0', '1.2.0']) await simulation.publish(version);
  for (const version of ['1.0.0', '1.1.0']) await simulation.promote(version);
  return simulation;
}
const beginning = begin();

const processes: VerbProcess[] = [];
beforeAll(() => {
  processes.push(new VerbProcess(), new VerbProcess());
});
afterAll(async () => {
  for (const process of processes) await process.close();
});

const moved = ['lost-swap'];
const gone = ['version-being-pruned', 'version-missing'];
/** What each verb may say when another one is at work on the same model. */
const mayEnd: Record<string, string[]> = {
  publish: [...gone, 'version-exists', 'leftover-differs'],
  'publish other bytes': [...gone, 'version-exists', 'leftover-differs'],
  verify: [],
  promote: [...moved, ...gone],
  'promote the new': [...moved, ...gone],
  rollback: [...moved, ...gone],
  prune: [],
  history: [],
};
const verbs = ['publish', 'verify', 'promote', 'rollback', 'prune', 'history'];
const pairs = verbs.flatMap((first, at) => verbs.slice(at).map((second): [string, string] => [first, second]));
pairs.push(['publish', 'publish other bytes'], ['publish', 'promote the new'], ['promote the new', 'prune']);

describe('two processes on one file store', () => {
  it.each(pairs)('hold every promise: %s and %s', async (first, second) => {
    const folder = await temporaryStore();
    try {
      const url = folder.settings.url;
      await plant((await beginning).store, folder.root);
      const simulation = new Simulation(await openStore(folder.settings));
      const tasks = [first, second].map((verb) => ({ store: url, verb, times: 2 }));
      const outcomes = await Promise.all(tasks.map((task, at) => processes[at]!.run(task)));
      for (const [at, verb] of [first, second].entries()) {
        for (const outcome of outcomes[at]!) expect(['done', ...mayEnd[verb]!]).toContain(outcome);
      }
      expect(await checkInvariants(simulation.store, model)).toEqual([]);
      await repairHistory({ store: simulation.store, model, log: simulation.log });
      expect(await checkInvariants(simulation.store, model, { settled: true })).toEqual([]);
      const rest = (await keysOf(simulation.store)).filter((k) => k.endsWith(tombstoneName) || k.includes('/leases/'));
      expect(rest).toEqual([]);
      expect(outcomes.flat()).toContain('done');
    } finally {
      await folder.close();
    }
  });
});
