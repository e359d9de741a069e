/** `npm run emulators -- install|up|down|status`: the servers and tools that tests need, on Node 24. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies, node24Env, node24Folder, root } from './node24.mjs';

/** Runs a command of the test-bed; returns whether it went well. Node 24 and the dependencies must be there. */
export function testBed(args, env) {
  const script = join(root, 'test', 'emulators', 'command.ts');
  return spawnSync(join(node24Folder(), 'node'), [script, ...args], { cwd: root, env, stdio: 'inherit' }).status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const env = node24Env();
  ensureDependencies(env);
  process.exitCode = testBed(process.argv.slice(2), env) ? 0 : 1;
}
