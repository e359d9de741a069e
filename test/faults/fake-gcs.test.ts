import { faultsOn } from './servers.ts';

faultsOn('fake-gcs', 700_000);
