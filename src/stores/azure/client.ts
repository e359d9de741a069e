import { BlobServiceClient, newPipeline } from '@azure/storage-blob';
import type { StoreSettings } from '../../config/types.ts';
import { InputError, type Problem } from '../../errors.ts';
import { isPrivateLink } from '../connection.ts';
import { type AzureContext, type AzureLimits, defaultLimits } from './context.ts';
import { logIn } from './credentials.ts';
import { BucketLocation } from './location.ts';

/** What all operations of a store share. Throws InputError for settings that the service cannot honour. */
export async function contextOf(settings: StoreSettings, limits: Partial<AzureLimits> = {}): Promise<AzureContext> {
  const place = new BucketLocation(settings.url);
  checkSettings(settings);
  const wanted = settings.endpoint === undefined ? undefined : endpointOf(settings.endpoint, place);
  const isHttps = wanted === undefined || wanted.startsWith('https://');
  const login = await logIn(place, isHttps, limits.credential);
  const [endpoint = '', signature] = (login.url ?? `https://${place.account}.blob.core.windows.net`).split('?');
  const base = (wanted ?? endpoint).replace(/\/+$/, '');
  checkLink(base);
  // The SDK sends nothing again: it forgets what a lost answer means for the next one (docs/facts.md P1).
  const pipeline = newPipeline(login.credential, {
    retryOptions: { maxTries: 1 },
    userAgentOptions: { userAgentPrefix: 'coldgate' },
  });
  const service = new BlobServiceClient(signature === undefined ? base : `${base}?${signature}`, pipeline);
  const all = { ...defaultLimits, ...limits };
  return {
    place,
    endpoint: base,
    limits: all,
    encryptionScope: settings.encryptionScope,
    identity: login.identity,
    service,
    container: service.getContainerClient(place.container),
    ahead: { free: all.parallel },
  };
}

/** Emulators, and everything else whose host does not name the account, have it in the path. */
function endpointOf(endpoint: string, { account }: BucketLocation): string {
  checkLink(endpoint);
  const url = new URL(endpoint);
  if (url.hostname.startsWith(`${account}.`) || url.pathname !== '/') return endpoint;
  return `${url.origin}/${account}`;
}

function checkLink(endpoint: string): void {
  if (isPrivateLink(endpoint)) return;
  const message = `expected https:// (http:// is for this machine alone), got ${endpoint}.`;
  throw new InputError([{ path: 'store.endpoint', message }]);
}

function checkSettings({ region, encryption, encryptionScope, kmsKey }: StoreSettings): void {
  const problems: Problem[] = [];
  const none = (path: string, value: unknown, hint = 'Remove it.') => {
    if (value !== undefined) problems.push({ path, message: 'Azure Blob Storage has no such setting.', hint });
  };
  none('store.region', region);
  none('store.encryption', encryption);
  none('store.kms-key', kmsKey, 'Make an encryption scope with the key, and name it as encryption-scope.');
  if (encryptionScope !== undefined && !/^[A-Za-z0-9-]{3,63}$/.test(encryptionScope)) {
    const message = `expected 3 to 63 letters, digits and hyphens, got ${JSON.stringify(encryptionScope)}.`;
    problems.push({ path: 'store.encryption-scope', message });
  }
  if (problems.length > 0) throw new InputError(problems);
}
