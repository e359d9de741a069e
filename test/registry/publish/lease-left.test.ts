import { describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import type { Store } from '../../../src/stores/store.ts';
import { filesOf, model, Simulation } from '../../fakes/registry/simulation.ts';

const leases = async (store: Store): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of store.list(`${model}/leases/`)) keys.push(key);
  return keys;
};

/** Failures after which no write of the publish can still land. */
const certain: [string, (simulation: Simulation) => Promise<unknown>][] = [
  [
    'a file of this machine that goes away',
    (simulation) =>
      simulation.publish('1.0.0', filesOf('a'), {
        readFile: () => {
          throw Object.assign(new Error('ENOENT: no such file'), {
            code: 'ENOENT',
            syscall: 'open',
            path: '/model.onnx',
          });
        },
      }),
  ],
  [
    'other files under a published version',
    async (simulation) => {
      await simulation.publish('1.0.0', filesOf('a'));
      await simulation.publish('1.0.0', filesOf('b'));
    },
  ],
  [
    'what an unfinished publish has left',
    async (simulation) => {
      await simulation.store.put(`${model}/versions/1.0.0/sample.json`, Buffer.from('other'), 'absent');
      await simulation.publish('1.0.0', filesOf('a'));
    },
  ],
];

describe('a publish that failed for certain', () => {
  it.each(certain)('leaves no lease, so that the version can be pruned at once: %s', async (_what, publish) => {
    const store = openMemoryStore();
    await expect(publish(new Simulation(store))).rejects.toThrow();
    expect(await leases(store)).toEqual([]);
  });
});
