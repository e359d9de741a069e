import { faultsOn } from './servers.ts';

// What radosgw cannot tell: here the conditions of completions and of DELETE are those of S3.
faultsOn('moto', 6 * 1024 * 1024, ['publish in parts', 'a small prune']);
