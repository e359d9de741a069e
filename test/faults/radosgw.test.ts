import { faultsOn } from './servers.ts';

// To a driver a rollback is a promotion: one server and a folder have it.
faultsOn('radosgw', 6 * 1024 * 1024, { only: (verb) => verb !== 'a rollback' });
