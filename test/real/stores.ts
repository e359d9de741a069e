import { randomUUID } from 'node:crypto';
import { openStore } from '../../src/stores/open.ts';
import { storeContract } from '../contracts/store.ts';

/** A bucket or container of a real account, and a prefix in it that is nobody else's. */
const url = process.env['COLDGATE_REAL_STORE'];
if (!url) throw new Error('COLDGATE_REAL_STORE should be the URL of a store, such as s3://bucket/tests.');
const run = `${new Date().toISOString().slice(0, 10)}-${randomUUID().slice(0, 8)}`;
let count = 0;

storeContract(
  `the store ${url}`,
  async () => {
    const settings = { url: `${url.replace(/\/+$/, '')}/${run}/${++count}`, region: process.env['AWS_REGION'] };
    const store = await openStore(settings);
    return {
      store,
      settings,
      close: async () => {
        for await (const { key, token } of store.list('')) await store.remove(key, { unchanged: token });
      },
    };
  },
  {
    race: { processes: 6, rounds: 4 },
    tokensOf: url.startsWith('s3:') ? 'bytes' : 'writes',
    timeoutMs: 15 * 60_000,
  },
);
