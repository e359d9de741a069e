/**
 * `npm test` on a fresh machine: brings Node 24, the dependencies and what the machine can have of the test-bed, then
 * runs the suites, and says at the end what they did without. With COLDGATE_REQUIRE=all that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { testBed } from './emulators.mjs';
import { ensureDependencies, node24Env, node24Folder, root } from './node24.mjs';

const env = node24Env();
ensureDependencies(env);
const args = process.argv.slice(2);
const everything = args.every((arg) => arg.startsWith('-')) || env.COLDGATE_REQUIRE === 'all';
testBed(['prepare', ...(everything ? ['--slow'] : [])], env);
const node = join(node24Folder(), 'node');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(node, [vitest, 'run', ...args], { cwd: root, env, stdio: 'inherit' });
const complete = testBed(['missing'], env);
process.exitCode = status === 0 && !complete ? 1 : (status ?? 1);
