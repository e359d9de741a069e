import { openStore } from '../../src/stores/open.ts';
import { storeContract } from '../contracts/store.ts';
import { googleEnvironment } from '../fakes/stores/gcs-server.ts';
import { openGoogle } from './google.ts';

/** The stand-in's Cloud Storage is good enough for the driver's whole contract. */
googleEnvironment();
storeContract(
  'the Google Cloud store on the stand-in',
  async () => {
    const google = await openGoogle({ buckets: ['acme-models'] });
    const store = await openStore({ url: 'gs://acme-models/models', endpoint: google.urlOf('STORAGE') });
    return { store, close: () => google.close() };
  },
  { largeBytes: 20_000_000 },
);
