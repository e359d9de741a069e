import { LoadError } from '../../model/load-error.ts';
import type { Variables } from '../../settings.ts';
import { isOnMachine, isPrivateAddress } from '../hosts.ts';
import { askEndpoint, endpointUrl, textFields } from './endpoint.ts';
import { type Bearer, Renewed } from './renewed.ts';

const resource = 'https://storage.azure.com/';

/**
 * Tokens of the function's managed identity: from the platform's endpoint (Functions, App Service, Container Apps), else
 * from the machine's metadata service. AZURE_CLIENT_ID chooses a user-assigned identity.
 * Fetching throws LoadError `store-denied` or `store-unavailable`.
 */
export function azureCredentials(variables: Variables, now?: () => number): Renewed<Bearer> {
  return new Renewed(() => fetchToken(variables), now);
}

async function fetchToken(variables: Variables): Promise<Bearer> {
  const endpoint = variables['IDENTITY_ENDPOINT'];
  const secret = variables['IDENTITY_HEADER'];
  const name = endpoint && secret ? 'The managed identity endpoint' : 'The Azure metadata service';
  const { url, headers } = endpoint && secret ? fromPlatform(endpoint, secret) : fromMachine(variables);
  url.searchParams.set('resource', resource);
  const client = variables['AZURE_CLIENT_ID'];
  if (client) url.searchParams.set('client_id', client);
  try {
    const json = await askEndpoint(name, { url, headers });
    const { access_token, expires_on } = textFields(name, json, ['access_token', 'expires_on']);
    if (!(Number(expires_on) > 0))
      throw new LoadError('store-denied', `${name} answered an expires_on that is no time.`);
    return { token: access_token, expiresAt: Number(expires_on) * 1000 };
  } catch (error) {
    const { code, message } = error as LoadError;
    const hint = 'Give the function a managed identity; AZURE_CLIENT_ID names a user-assigned one.';
    throw new LoadError(code, `No Azure credentials: ${message} ${hint}`, error);
  }
}

interface TokenRequest {
  url: URL;
  headers: Record<string, string>;
}

/** https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference */
function fromPlatform(endpoint: string, secret: string): TokenRequest {
  // The platform's sandbox may listen on a private network address.
  const plain = (hostname: string): boolean => isOnMachine(hostname) || isPrivateAddress(hostname);
  const url = endpointUrl('IDENTITY_ENDPOINT', endpoint, plain);
  url.searchParams.set('api-version', '2019-08-01');
  return { url, headers: { 'x-identity-header': secret } };
}

/** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token */
function fromMachine(variables: Variables): TokenRequest {
  const variable = 'AZURE_POD_IDENTITY_AUTHORITY_HOST';
  const base = endpointUrl(variable, variables[variable] || 'http://169.254.169.254');
  const url = new URL('/metadata/identity/oauth2/token', base);
  url.searchParams.set('api-version', '2018-02-01');
  return { url, headers: { metadata: 'true' } };
}
