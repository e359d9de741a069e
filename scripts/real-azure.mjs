/**
 * What is not proven about Azure, in a real resource group, in the order of docs/azure.md: node scripts/real-azure.mjs
 *
 * COLDGATE_REAL_AZURE_SUBSCRIPTION, _GROUP, _LOCATION, _APPS, _STORE and _IDENTITY name what is used; docs/azure.md says how.
 * Credentials are those of the default chain, such as `az login`. In GitHub Actions (permissions: id-token: write) they are made
 * of the job's OIDC token by AZURE_CLIENT_ID and AZURE_TENANT_ID. Findings go to real-azure.json.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies, node24Env, node24Folder, root } from './node24.mjs';
import { logIn } from './real-login.mjs';

const needed = ['SUBSCRIPTION', 'GROUP', 'LOCATION', 'APPS', 'STORE', 'IDENTITY'].map(
  (name) => `COLDGATE_REAL_AZURE_${name}`,
);
const missing = needed.filter((name) => !process.env[name]);
if (missing.length > 0) {
  console.error(`Not configured, so nothing was run: ${missing.join(', ')} not set. docs/azure.md says what they are.`);
  process.exit(2);
}

const env = node24Env();
ensureDependencies(env);
const folder = mkdtempSync(join(tmpdir(), 'coldgate-login-'));
try {
  const { variables, stop } = await logIn('azure', folder);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--config', join(root, 'test', 'real', 'azure.config.ts')];
  const child = spawn(join(node24Folder(), 'node'), args, {
    cwd: root,
    env: { ...env, ...variables },
    stdio: 'inherit',
  });
  process.exitCode = await new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  stop();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
