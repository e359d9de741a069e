/**
 * The command line from its sources; for tests that kill it, or that bring another handler than that of dist/ along:
 * HANDLER_DIST is the folder in which it lies.
 */
import { join } from 'node:path';
import { runCli } from '../../src/cli.ts';

const dist = process.env['HANDLER_DIST'] ?? join(import.meta.dirname, '..', '..', 'dist');
process.exitCode = await runCli(process.argv.slice(2), dist);
