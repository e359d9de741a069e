import { existsSync } from 'node:fs';
import { run } from '../../../src/handler/entries/node-application.ts';

/** Entry of a worker thread that ends when a file of this name appears, whatever it does. */
const sign = process.env['COLDGATE_TEST_END'] ?? '';
setInterval(() => existsSync(sign) && process.exit(1), 5);

run({ entry: import.meta.filename });
