/**
 * `npm test`, `npm run test:unit` and `npm run test:all` on a fresh machine: brings Node 24 and the dependencies, and runs
 * the files of the tier (scripts/test-tiers.mjs), or those whose path has one of the words given: `npm test -- gate/laws`.
 * Where one of them is of the tier `all`, it brings what the machine can have of the test-bed first, and says at the end
 * what they did without. With COLDGATE_REQUIRE=all that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { testBed } from './emulators.mjs';
import { ensureDependencies, node24Env, node24Folder, root } from './node24.mjs';
import { testFiles, tierOf } from './test-tiers.mjs';

const tiers = { '--unit': ['unit'], '--embedded': ['unit', 'embedded'], '--all': ['unit', 'embedded', 'all'] };

const given = process.argv.slice(2);
const tier = Object.keys(tiers).find((name) => given[0] === name);
const args = tier ? given.slice(1) : given;
const all = testFiles();
const namedBy = (word) => all.filter((file) => file.includes(word.replace(/^\.\//, '').replace(/:\d+$/, '')));
// Vitest's own options go through; what follows -t is the name of a test.
const named = args.flatMap((arg, at) => (/^-t$|^--testNamePattern$/.test(args[at - 1] ?? '') ? [] : namedBy(arg)));
const files = named.length > 0 ? named : all.filter((file) => tiers[tier ?? '--embedded'].includes(tierOf(file)));

const env = node24Env();
ensureDependencies(env);
const needsBed = files.some((file) => tierOf(file) === 'all');
const slow = named.length === 0 || env.COLDGATE_REQUIRE === 'all';
if (needsBed) testBed(['prepare', ...(slow ? ['--slow'] : [])], env);
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const wanted = named.length > 0 ? args : [...args, ...files];
const { status } = spawnSync(join(node24Folder(), 'node'), [vitest, 'run', ...wanted], {
  cwd: root,
  env,
  stdio: 'inherit',
});
const complete = !needsBed || testBed(['missing'], env);
process.exitCode = status === 0 && !complete ? 1 : (status ?? 1);
