import { openMemoryStore } from '../../src/stores/memory.ts';
import { storeContract } from '../contracts/store.ts';

storeContract('the memory store', async () => ({ store: openMemoryStore(), close: async () => {} }));
