/**
 * What is not proven about Google Cloud, on a real project, in the order of docs/google.md: node scripts/real-google.mjs
 *
 * COLDGATE_REAL_GOOGLE_PROJECT, _REGION, _BUCKET and _RUNTIME name what is used; docs/google.md says how. Credentials are the
 * application default ones. In GitHub Actions (permissions: id-token: write) they are made of the job's OIDC token by
 * GOOGLE_PROVIDER and GOOGLE_SERVICE_ACCOUNT. Findings go to real-google.json.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies, node24Env, node24Folder, root } from './node24.mjs';
import { logIn, oidcToken } from './real-login.mjs';

const needed = ['PROJECT', 'REGION', 'BUCKET', 'RUNTIME'].map((name) => `COLDGATE_REAL_GOOGLE_${name}`);
const missing = needed.filter((name) => !process.env[name]);
if (missing.length > 0) {
  console.error(
    `Not configured, so nothing was run: ${missing.join(', ')} not set. docs/google.md says what they are.`,
  );
  process.exit(2);
}

/** The job as a federated principal without an account; nothing where there is no job. */
async function federatedToken() {
  const provider = process.env.GOOGLE_PROVIDER;
  if (!process.env.ACTIONS_ID_TOKEN_REQUEST_URL || !provider) return {};
  const audience = `//iam.googleapis.com/${provider}`;
  const form = new URLSearchParams({
    audience,
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    scope: 'https://www.googleapis.com/auth/cloud-platform',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    subject_token: await oidcToken(`https:${audience}`),
  });
  const answer = await fetch('https://sts.googleapis.com/v1/token', { method: 'POST', body: form });
  if (!answer.ok) throw new Error(`Google gave no federated token (${answer.status}): ${await answer.text()}`);
  return { COLDGATE_REAL_FEDERATED_TOKEN: (await answer.json()).access_token };
}

const env = node24Env();
ensureDependencies(env);
const folder = mkdtempSync(join(tmpdir(), 'coldgate-login-'));
try {
  const { variables, stop } = await logIn('gs', folder);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--config', join(root, 'test', 'real', 'google.config.ts')];
  const child = spawn(join(node24Folder(), 'node'), args, {
    cwd: root,
    env: { ...env, ...variables, ...(await federatedToken()) },
    stdio: 'inherit',
  });
  process.exitCode = await new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  stop();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
