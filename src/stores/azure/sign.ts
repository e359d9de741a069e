import { BlobSASPermissions, generateBlobSASQueryParameters, SASProtocol } from '@azure/storage-blob';
import { exitCodes } from '../../errors.ts';
import { StoreError, UnsupportedError } from '../store.ts';
import { type AzureContext, blobOf } from './context.ts';
import { repeat } from './request.ts';

/** A key that Entra ID gives for signing is valid for as long; we hold signatures by the account's key to it too. Seconds. */
const longest = 7 * 24 * 60 * 60;
/** How far the clocks of this machine and the service may be apart, ms. */
const clockSkew = 15 * 60 * 1000;

/** Signs a read of the blob: with the account's key, or with one that Entra ID gives for it. */
export async function signRead(context: AzureContext, key: string, seconds: number): Promise<string> {
  const { url } = context.place;
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > longest) {
    const message = `A link to ${key} in ${url} can be valid for 1 to ${longest} seconds (7 days), not ${seconds}.`;
    throw new StoreError('bad-validity', exitCodes.usage, message, { store: url, key });
  }
  return readUrl(context, key, seconds);
}

export async function readUrl(context: AzureContext, key: string, seconds: number): Promise<string> {
  const { place, service, endpoint, identity } = context;
  const expiresOn = new Date(Date.now() + seconds * 1000);
  const signed = {
    containerName: place.container,
    blobName: place.nameOf(key),
    permissions: BlobSASPermissions.parse('r'),
    expiresOn,
    protocol: endpoint.startsWith('https:') ? SASProtocol.Https : SASProtocol.HttpsAndHttp,
  };
  const blob = blobOf(context, key).url;
  if (identity.kind === 'key') {
    const { credential } = identity;
    return `${blob}?${generateBlobSASQueryParameters(signed, credential)}`;
  }
  if (identity.kind === 'sas') {
    throw new UnsupportedError('signing a link: the connection string has a signature and no key', {
      store: place.url,
      key,
      hint: 'Log in with azure/login or "az login", or use a connection string with the account’s key.',
    });
  }
  // Not before the week that its end allows.
  const startsOn = new Date(Math.max(Date.now() - clockSkew, expiresOn.getTime() - longest * 1000));
  const delegated = await repeat(context, { verb: 'sign', key }, ({ abortSignal }) =>
    service.getUserDelegationKey(startsOn, expiresOn, { abortSignal }),
  );
  return `${blob}?${generateBlobSASQueryParameters({ ...signed, startsOn }, delegated, place.account)}`;
}
