import { SettingsError, type Variables } from '../settings.ts';
import type { AccountKey } from './credentials/azure-shared-key.ts';
import { endpointProblem, type StoreSource } from './source.ts';

/** Where an account's blobs are, and how it is asked where no identity is used. */
export interface AzureAccount {
  origin: URL;
  container: string;
  key: AccountKey | undefined;
  /** A shared access signature, as it stands in a query. */
  sas: string | undefined;
}

const variable = 'AZURE_STORAGE_CONNECTION_STRING';

/** Reads MODEL_BUCKET, MODEL_ENDPOINT and the connection string together. Throws SettingsError. */
export function readAccount({ bucket, endpoint }: StoreSource, variables: Variables): AzureAccount {
  const [account = '', container = ''] = bucket.split('/');
  const text = variables[variable]?.trim() || undefined;
  const fields = text === undefined ? {} : readFields(text);
  const named = fields['accountname'];
  // A key must not sign for, nor a signature travel to, an account that it is not of.
  if (named !== undefined && named !== account) {
    throw new SettingsError([`${variable} is of the account ${named}, but the model's store is in ${account}.`]);
  }
  const base =
    (endpoint && endpointOf(endpoint, account)) ??
    fields['blobendpoint'] ??
    `https://${account}.blob.${suffixOf(fields)}`;
  const problem = endpointProblem(base);
  if (problem) throw new SettingsError([`BlobEndpoint of ${variable}: ${problem}.`]);
  const key = named && fields['accountkey'] ? { account, key: Buffer.from(fields['accountkey'], 'base64') } : undefined;
  const sas = fields['sharedaccesssignature']?.replace(/^\?/, '');
  if (text !== undefined && !key && !sas) {
    throw new SettingsError([`${variable}: expected AccountName with AccountKey, or SharedAccessSignature.`]);
  }
  return { origin: new URL(base), container, key, sas };
}

/** Emulators have the account in the path, the cloud in the host's name: as the pipeline's own store reads it. */
function endpointOf(endpoint: string, account: string): string {
  const { hostname, pathname, origin } = new URL(endpoint);
  return hostname.startsWith(`${account}.`) || pathname !== '/' ? endpoint : `${origin}/${account}`;
}

const suffixOf = (fields: Record<string, string>): string => fields['endpointsuffix'] ?? 'core.windows.net';

/** https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string */
function readFields(text: string): Record<string, string> {
  const pairs = text.split(';').flatMap((pair) => {
    const cut = pair.indexOf('=');
    return cut > 0 ? [[pair.slice(0, cut).trim().toLowerCase(), pair.slice(cut + 1).trim()] as const] : [];
  });
  return Object.fromEntries(pairs);
}
