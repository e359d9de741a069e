/** `npm test` on a fresh machine: brings Node 24 and the dependencies, builds, then runs the suites. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureDependencies, node24Env, node24Folder, root } from './node24.mjs';

const env = node24Env();
ensureDependencies(env);
const node = join(node24Folder(), 'node');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(node, [vitest, 'run', ...process.argv.slice(2)], { cwd: root, env, stdio: 'inherit' });
process.exitCode = status ?? 1;
