import { openContractBench } from '../../azure/contract-bench.ts';
import { targetContract } from '../../contracts/target.ts';

/* Apps that share a plan, where new things are seen late and old processes still answer after a change. */
targetContract('azure-functions on Premium', () =>
  openContractBench({
    knobs: { looks: 1, readLag: 1, keysLag: 1, functionsLag: 1, staleRequests: 1, unavailable: 1 },
    settings: { plan: 'premium', sku: 'EP2' },
  }),
);
