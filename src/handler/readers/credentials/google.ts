import { LoadError } from '../../model/load-error.ts';
import type { Variables } from '../../settings.ts';
import { isOnMachine } from '../hosts.ts';
import { askEndpoint, endpointUrl } from './endpoint.ts';
import { readToken } from './google-token.ts';
import { type Bearer, Renewed } from './renewed.ts';

/**
 * Tokens of the service account that the function runs as, from the metadata server; or of the one whose key
 * GOOGLE_APPLICATION_CREDENTIALS names. Fetching throws LoadError `store-denied` or `store-unavailable`.
 */
export function googleCredentials(variables: Variables, now: () => number = Date.now): Renewed<Bearer> {
  const file = variables['GOOGLE_APPLICATION_CREDENTIALS'];
  return new Renewed(async () => {
    if (!file) return fromMetadata(variables, now());
    const { fromServiceAccountKey } = await import('./google-key.ts');
    return fromServiceAccountKey(file, now());
  }, now);
}

/** By this name, which only resolves inside of Google's networks, or by a link-local address. */
const metadataHost = 'metadata.google.internal';

/** https://cloud.google.com/compute/docs/access/authenticate-workloads#applications */
async function fromMetadata(variables: Variables, now: number): Promise<Bearer> {
  const host = variables['GCE_METADATA_HOST'] || metadataHost;
  const plain = (hostname: string): boolean => hostname === metadataHost || isOnMachine(hostname);
  const base = endpointUrl('GCE_METADATA_HOST', `http://${host}`, plain);
  const url = new URL('/computeMetadata/v1/instance/service-accounts/default/token', base);
  return readToken('The Google metadata server', await askToken(url), now);
}

async function askToken(url: URL): Promise<string> {
  try {
    return await askEndpoint('The Google metadata server', { url, headers: { 'metadata-flavor': 'Google' } });
  } catch (error) {
    const { code, message } = error as LoadError;
    throw new LoadError(code, `No Google credentials: GOOGLE_APPLICATION_CREDENTIALS is not set; ${message}`, error);
  }
}
