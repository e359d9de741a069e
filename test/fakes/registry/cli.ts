/** The command line as it is in src/, so that what tests say of it needs no build. */
import { join } from 'node:path';
import { runCli } from '../../../src/index.ts';

await runCli(join(import.meta.dirname, '..', '..', '..', 'dist'));
