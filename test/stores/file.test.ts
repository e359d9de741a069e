import { openStore } from '../../src/stores/open.ts';
import { storeContract } from '../contracts/store.ts';
import { temporaryStore } from '../fakes/stores/folder.ts';

storeContract(
  'the file store',
  async () => {
    const { settings, close } = await temporaryStore();
    return { store: await openStore(settings), settings, close };
  },
  { race: { processes: 8, rounds: 50 } },
);
