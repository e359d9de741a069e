import { openStore } from '../../src/stores/open.ts';
import { storeContract } from '../contracts/store.ts';
import { describeWith } from '../emulators/servers.ts';
import { azuriteContainer, azuriteEnvironment } from '../fakes/stores/azurite.ts';

describeWith('azurite', 'Azurite', () => {
  azuriteEnvironment();
  storeContract(
    'the Azure store',
    async () => {
      const { settings, remove } = await azuriteContainer();
      return { store: await openStore(settings), settings, close: remove };
    },
    { race: { processes: 8, rounds: 20 }, server: 'azurite' },
  );
});
