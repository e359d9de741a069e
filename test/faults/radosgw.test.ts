import { faultsOn } from './servers.ts';

faultsOn('radosgw', 6 * 1024 * 1024);
