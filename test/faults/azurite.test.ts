import { faultsOn } from './servers.ts';

faultsOn('azurite', 250_000);
