/**
 * The contract of stores on a real bucket or container: COLDGATE_REAL_STORE=s3://bucket/tests node scripts/real-stores.mjs
 *
 * Credentials are what the SDKs' default chains find. In GitHub Actions (permissions: id-token: write) that is the job's
 * OIDC token, which is put where those chains look: AWS_ROLE_ARN; AZURE_CLIENT_ID and AZURE_TENANT_ID;
 * GOOGLE_PROVIDER (projects/N/locations/global/workloadIdentityPools/P/providers/Q) and GOOGLE_SERVICE_ACCOUNT.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies, node24Env, node24Folder, root } from './node24.mjs';
import { logIn } from './real-login.mjs';

const store = process.env.COLDGATE_REAL_STORE ?? '';
const scheme = /^(s3|gs|azure):\/\//.exec(store)?.[1];
if (!scheme) {
  console.error(`COLDGATE_REAL_STORE should be s3://…, gs://… or azure://…, got ${JSON.stringify(store)}.`);
  process.exit(2);
}
const env = node24Env();
ensureDependencies(env);
const folder = mkdtempSync(join(tmpdir(), 'coldgate-login-'));
try {
  const { variables, stop } = await logIn(scheme, folder);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--config', join(root, 'test', 'real', 'vitest.config.ts')];
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
