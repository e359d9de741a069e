/** `npm run check`: everything that is not a suite, as CI runs it. Names of single checks may be given. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureDependencies, node24Env, node24Folder, root } from './node24.mjs';

const bin = (path) => join(root, 'node_modules', path);
/** Name to arguments of Node. */
export const checks = {
  lint: [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.'],
  types: [bin('typescript/bin/tsc'), '-p', 'tsconfig.json'],
  docs: [join(root, 'scripts', 'docs.mjs'), '--check'],
  workflows: [join(root, 'scripts', 'check-workflows.mjs')],
  dist: [join(root, 'scripts', 'check-dist.mjs')],
};

/** Runs one check; true when it passed. */
export function runCheck(name) {
  const env = node24Env();
  ensureDependencies(env);
  console.log(`\n── ${name}`);
  const node = join(node24Folder(), 'node');
  return spawnSync(node, checks[name], { cwd: root, env, stdio: 'inherit' }).status === 0;
}

if (process.argv[1].endsWith('check.mjs')) {
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(checks);
  const failed = wanted.filter((name) => !runCheck(name));
  console.log(failed.length === 0 ? '\nall checks passed' : `\nfailed: ${failed.join(', ')}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}
