import type { TokenCredential } from '@azure/identity';

type Variables = Readonly<Record<string, string | undefined>>;

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust */
const audience = 'api://AzureADTokenExchange';
/** Longest that GitHub takes for a token, ms. */
const githubMs = 30_000;

/** Of the library, for tests: where Entra ID is. */
export interface EntraOptions {
  authorityHost?: string;
  disableInstanceDiscovery?: boolean;
}

/**
 * Who this run is to Azure: in a job that may ask GitHub for tokens and names AZURE_CLIENT_ID and AZURE_TENANT_ID that
 * identity, else whoever the chain of @azure/identity finds, which is loaded only here. What azure/login leaves with az ends
 * after minutes; a run of an hour asks GitHub again.
 */
export async function entraCredential(variables: Variables, options: EntraOptions = {}): Promise<TokenCredential> {
  const { ClientAssertionCredential, DefaultAzureCredential } = await import('@azure/identity');
  const {
    AZURE_CLIENT_ID: client,
    AZURE_TENANT_ID: tenant,
    ACTIONS_ID_TOKEN_REQUEST_URL: url,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: token,
  } = variables;
  if (!client || !tenant || !url || !token) return new DefaultAzureCredential();
  return new ClientAssertionCredential(tenant, client, () => askGithub(url, token), options);
}

async function askGithub(url: string, token: string): Promise<string> {
  const answer = await fetch(`${url}&audience=${encodeURIComponent(audience)}`, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    signal: AbortSignal.timeout(githubMs),
    redirect: 'error',
  });
  const { value } = (await answer.json().catch(() => ({}))) as { value?: unknown };
  if (answer.ok && typeof value === 'string') return value;
  throw new Error(`GitHub gave no OIDC token (${answer.status}): does the job have "permissions: id-token: write"?`);
}
