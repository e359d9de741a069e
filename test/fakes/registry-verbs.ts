import { checkHistory, readHistory } from '../../src/registry/history.ts';
import { repairHistory } from '../../src/registry/repair.ts';
import { modelStatus } from '../../src/registry/status.ts';
import { codeOf, filesOf, model, type World } from './registry-world.ts';

/** The verbs by name, as test processes are told to run them; each gives back how it ended. */
export const namedVerbs: Record<string, (world: World, turn: number) => Promise<string>> = {
  publish: (world, turn) => codeOf(world.publish(`3.${turn}.0`, filesOf('new'))),
  'publish other bytes': (world, turn) => codeOf(world.publish(`3.${turn}.0`, filesOf('other'))),
  verify: (world) => codeOf(world.verify()),
  promote: (world, turn) => codeOf(world.promote(turn % 2 ? '1.1.0' : '1.0.0')),
  'promote the new': (world, turn) => codeOf(world.promote(`3.${turn}.0`)),
  rollback: (world) => codeOf(world.rollback()),
  prune: (world) => codeOf(world.prune({ retain: 1 })),
  repair: ({ store, log }) => codeOf(repairHistory({ store, model, log })),
  history: async ({ store }) => {
    await modelStatus(store, model);
    const { missing, unreadable } = await readHistory({ store, model });
    const { problems } = await checkHistory({ store, model });
    const faults = [...missing, ...unreadable, ...problems.map((p) => p.message)];
    return faults.length > 0 ? faults.join(', ') : 'done';
  },
};
