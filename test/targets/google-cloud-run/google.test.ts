import { targetContract } from '../../contracts/target.ts';
import { openContractBench } from '../../google/contract-bench.ts';

/* A private service whose routes lag behind what the API says of them. */
targetContract('google-cloud-run', () =>
  openContractBench({ knobs: { tagLag: 1, trafficLag: 3, looks: 1, deletedNamesTaken: true } }),
);
