import { randomUUID } from 'node:crypto';
import { openKvReader } from '../../src/handler/readers/kv.ts';
import { readSettings } from '../../src/handler/settings.ts';
import { openStore } from '../../src/stores/open.ts';
import { readerContract } from '../contracts/reader.ts';
import { storeContract } from '../contracts/store.ts';
import { KvServer } from './kv-server.ts';

storeContract(
  'a key-value server',
  async () => {
    const server = new KvServer();
    const settings = { url: `kv://models/${randomUUID()}`, endpoint: await server.start() };
    return { store: await openStore(settings), settings, close: () => server.close() };
  },
  { race: { processes: 2, rounds: 5 }, largeBytes: 9 * 1024 * 1024 },
);

readerContract('the reader of a key-value server', async (limits) => {
  const server = new KvServer();
  const variables = { MODEL_STORE: 'kv', MODEL_BUCKET: 'models', MODEL_PREFIX: 'p', MODEL_NAME: 'digits' };
  const { source } = readSettings({ ...variables, MODEL_ENDPOINT: await server.start() });
  return {
    reader: openKvReader(source, limits),
    put: async (key, bytes) => void server.put(`/models/p/${key}`, Buffer.from(bytes)),
    close: () => server.close(),
  };
});
