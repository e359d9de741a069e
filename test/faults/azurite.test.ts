import { faultsOn } from './servers.ts';

// To a driver a rollback is a promotion: one server and a folder have it.
faultsOn('azurite', 250_000, { only: (verb) => verb !== 'a rollback' });
