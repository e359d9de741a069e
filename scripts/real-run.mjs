/** Test suites on real accounts: a log-in at one cloud, then vitest with a configuration of test/real. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies, node24Env, node24Folder, root } from './node24.mjs';
import { logIn } from './real-login.mjs';

/**
 * Ends the process with exit code 2 where a variable is not set.
 * @param document says what the variables are
 */
export function demandVariables(names, document) {
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length === 0) return;
  console.error(`Not configured, so nothing was run: ${missing.join(', ')} not set. ${document} says what they are.`);
  process.exit(2);
}

/**
 * Runs a suite; its exit code becomes the process's.
 * @param scheme of the cloud's stores
 * @param config its file in test/real
 * @param more variables of the suite, once it is logged in
 */
export async function runReal(scheme, config, more = async () => ({})) {
  const env = node24Env();
  ensureDependencies(env);
  const folder = mkdtempSync(join(tmpdir(), 'coldgate-login-'));
  try {
    const { variables, stop } = await logIn(scheme, folder);
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const args = [vitest, 'run', '--config', join(root, 'test', 'real', config)];
    const child = spawn(join(node24Folder(), 'node'), args, {
      cwd: root,
      env: { ...env, ...variables, ...(await more()) },
      stdio: 'inherit',
    });
    process.exitCode = await new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
    stop();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
