import { faultsOn } from './servers.ts';

// What radosgw cannot tell: here the conditions of completions and of DELETE are those of S3.
const only = (verb: string) => ['publish in parts', 'a small prune'].includes(verb);
faultsOn('moto', 6 * 1024 * 1024, { only, onlyActed: true });
