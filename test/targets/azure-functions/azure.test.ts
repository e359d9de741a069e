import { openContractBench } from '../../azure/contract-bench.ts';
import { targetContract } from '../../contracts/target.ts';

/* Apps with keys, on a plan where old processes still answer, the front end is down for a while, and roles count late. */
targetContract('azure-functions', () =>
  openContractBench({
    knobs: { looks: 1, staleRequests: 1, unavailable: 1, roleLag: 1, readLag: 1, keysLag: 1, functionsLag: 1 },
  }),
);
