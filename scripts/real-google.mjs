/**
 * What is not proven about Google Cloud, on a real project, in the order of docs/google.md: node scripts/real-google.mjs
 *
 * COLDGATE_REAL_GOOGLE_PROJECT, _REGION, _BUCKET and _RUNTIME name what is used; docs/google.md says how. Credentials are the
 * application default ones. In GitHub Actions (permissions: id-token: write) they are made of the job's OIDC token by
 * GOOGLE_PROVIDER and GOOGLE_SERVICE_ACCOUNT. Findings go to real-google.json.
 */
import { oidcToken } from './real-login.mjs';
import { demandVariables, runReal } from './real-run.mjs';

const names = ['PROJECT', 'REGION', 'BUCKET', 'RUNTIME'];
demandVariables(
  names.map((name) => `COLDGATE_REAL_GOOGLE_${name}`),
  'docs/google.md',
);

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

await runReal('gs', 'google.config.ts', federatedToken);
