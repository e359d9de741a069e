import { type FaultCase, faultCases } from '../fakes/registry/fault-cases.ts';
import { day, filesOf, model, overwrite, type Simulation } from '../fakes/registry/simulation.ts';
import { madeBytes } from '../fakes/stores/bodies.ts';

const oneFile = (seed: string) => ({ 'model.onnx': filesOf(seed)['model.onnx']! });

/** One version to delete and one that stays, of one file each, and a leftover: outside of memory each call is dear. */
const smallPrune: FaultCase = {
  prepare: async (simulation) => {
    for (const version of ['1.0.0', '1.1.0']) await simulation.publish(version, oneFile(version));
    await simulation.promote('1.1.0');
    await overwrite(simulation.store, `${model}/versions/0.9.0/model.onnx`, 'left');
    simulation.clock = new Date(simulation.clock.getTime() + 2 * day);
  },
  run: (simulation: Simulation) => simulation.prune({ retain: 1 }),
};

/** A publish whose model is too large for one request. @param bytes of the model */
const publishInParts = (bytes: number): FaultCase => ({
  prepare: async () => {},
  run: (simulation) => {
    const content = madeBytes(bytes);
    const readFile = async function* () {
      for (let at = 0; at < bytes; at += 100_000) yield content.subarray(at, at + 100_000);
    };
    return simulation.publish('2.0.0', oneFile('b'), { readFile });
  },
});

/** What the registry does otherwise than usual, and no driver: cheaper stores are enough for it. */
const variants = new Set(['publish over leftovers', 'a promotion over a missing record', 'a prune']);

/** The verbs that change a store, in a folder; the large prune runs in memory (test/registry/faults.test.ts). */
export const verbsInFolder: Record<string, FaultCase> = {
  ...Object.fromEntries(Object.entries(faultCases).filter(([name]) => name !== 'a prune')),
  'a small prune': smallPrune,
};

/** The verbs that change a store, on a server. @param partedBytes what the server takes in several parts */
export const verbsOnServers = (partedBytes: number): Record<string, FaultCase> => ({
  ...Object.fromEntries(Object.entries(faultCases).filter(([name]) => !variants.has(name))),
  'a small prune': smallPrune,
  'publish in parts': publishInParts(partedBytes),
});
