import { checkHistory, readHistory } from '../../../src/registry/pointer/history.ts';
import { repairHistory } from '../../../src/registry/pointer/repair.ts';
import { modelStatus } from '../../../src/registry/pointer/status.ts';
import { codeOf, filesOf, model, type Simulation } from './simulation.ts';

/** The verbs by name, as test processes are told to run them; each gives back how it ended. */
export const namedVerbs: Record<string, (simulation: Simulation, turn: number) => Promise<string>> = {
  publish: (simulation, turn) => codeOf(simulation.publish(`3.${turn}.0`, filesOf('new'))),
  'publish other bytes': (simulation, turn) => codeOf(simulation.publish(`3.${turn}.0`, filesOf('other'))),
  verify: (simulation) => codeOf(simulation.verify()),
  promote: (simulation, turn) => codeOf(simulation.promote(turn % 2 ? '1.1.0' : '1.0.0')),
  'promote the new': (simulation, turn) => codeOf(simulation.promote(`3.${turn}.0`)),
  rollback: (simulation) => codeOf(simulation.rollback()),
  prune: (simulation) => codeOf(simulation.prune({ retain: 1 })),
  repair: ({ store, log }) => codeOf(repairHistory({ store, model, log })),
  history: async ({ store }) => {
    await modelStatus(store, model);
    const { missing, unreadable } = await readHistory({ store, model });
    const { problems } = await checkHistory({ store, model });
    const faults = [...missing, ...unreadable, ...problems.map((p) => p.message)];
    return faults.length > 0 ? faults.join(', ') : 'done';
  },
};
