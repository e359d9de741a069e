/** Log-ins of jobs on GitHub Actions at the three clouds, for tests on real accounts: the job's OIDC token, put where SDKs look. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A token lives for minutes and a run longer: each process that logs in finds one that is fresh. */
const refreshMs = 120_000;

/** The job's OIDC token for an audience. */
export async function oidcToken(audience) {
  const url = new URL(process.env.ACTIONS_ID_TOKEN_REQUEST_URL);
  url.searchParams.set('audience', audience);
  const headers = { authorization: `Bearer ${process.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN}` };
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(30_000) });
  if (!answer.ok) throw new Error(`GitHub gave no OIDC token (${answer.status}): does the job have id-token: write?`);
  return (await answer.json()).value;
}

/** What AWS and Azure read: a file, kept fresh. Returns a function that ends it. */
async function keepTokenFile(path, audience) {
  const refresh = async () => {
    writeFileSync(`${path}.new`, await oidcToken(audience), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  await refresh();
  const timer = setInterval(() => refresh().catch((error) => console.error(error.message)), refreshMs);
  return () => clearInterval(timer);
}

/** What Google reads: where to fetch the token, whenever one is needed. */
function writeGoogleAccount(path) {
  const provider = `//iam.googleapis.com/${process.env.GOOGLE_PROVIDER}`;
  const url = new URL(process.env.ACTIONS_ID_TOKEN_REQUEST_URL);
  url.searchParams.set('audience', `https:${provider}`);
  const account = {
    type: 'external_account',
    audience: provider,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    service_account_impersonation_url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${process.env.GOOGLE_SERVICE_ACCOUNT}:generateAccessToken`,
    credential_source: {
      url: url.href,
      headers: { Authorization: `Bearer ${process.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN}` },
      format: { type: 'json', subject_token_field_name: 'value' },
    },
  };
  writeFileSync(path, JSON.stringify(account), { mode: 0o600 });
}

/** Variables for the default chain of the store's SDK, and how to end. */
export async function logIn(scheme, folder) {
  const stay = { variables: {}, stop: () => {} };
  if (!process.env.ACTIONS_ID_TOKEN_REQUEST_URL) return stay;
  const file = join(folder, 'token');
  if (scheme === 's3') {
    return {
      variables: { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_SESSION_NAME: 'coldgate-contract' },
      stop: await keepTokenFile(file, 'sts.amazonaws.com'),
    };
  }
  if (scheme === 'azure') {
    return {
      variables: { AZURE_FEDERATED_TOKEN_FILE: file },
      stop: await keepTokenFile(file, 'api://AzureADTokenExchange'),
    };
  }
  writeGoogleAccount(file);
  return { variables: { GOOGLE_APPLICATION_CREDENTIALS: file }, stop: () => {} };
}
