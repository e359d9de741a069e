import { openStore } from '../../src/stores/open.ts';
import { storeContract } from '../contracts/store.ts';
import { describeWith } from '../emulators/servers.ts';
import { s3Bucket, s3Environment } from '../fakes/stores/s3-bucket.ts';

for (const server of ['moto', 'radosgw'] as const) {
  describeWith(server, server, () => {
    s3Environment(server);
    storeContract(
      'the S3 store',
      async () => {
        const { settings } = await s3Bucket(server);
        return { store: await openStore(settings), settings, close: async () => {} };
      },
      { race: { processes: 8, rounds: 10 }, tokensOf: 'bytes', hidesLosses: server === 'radosgw', server },
    );
  });
}
