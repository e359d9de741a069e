import { openStore } from '../../src/stores/open.ts';
import { storeContract } from '../contracts/store.ts';
import { describeWith } from '../emulators/servers.ts';
import { fakeGcsBucket, fakeGcsEnvironment } from '../fakes/stores/fake-gcs.ts';

describeWith('fake-gcs', 'fake-gcs-server', () => {
  fakeGcsEnvironment();
  storeContract(
    'the Google Cloud store',
    async () => {
      const settings = await fakeGcsBucket();
      return { store: await openStore(settings), settings, close: async () => {} };
    },
    { race: { processes: 8, rounds: 20 }, server: 'fake-gcs' },
  );
});
