import {
  BlobSASPermissions,
  generateBlobSASQueryParameters,
  SASProtocol,
  type UserDelegationKey,
} from '@azure/storage-blob';
import { exitCodes } from '../../errors.ts';
import { type SignedUrl, StoreError, UnsupportedError } from '../store.ts';
import { type AzureContext, blobOf } from './context.ts';
import { repeat } from './request.ts';

/** A key that Entra ID gives for signing is valid for as long; we hold signatures by the account's key to it too. Seconds. */
const longest = 7 * 24 * 60 * 60;
/** How far the clocks of this machine and the service may be apart, ms. */
const clockSkew = 15 * 60 * 1000;

/** Signs a read of the blob: with the account's key, or with one that Entra ID gives for it. */
export async function signRead(context: AzureContext, key: string, seconds: number): Promise<SignedUrl> {
  const { url } = context.place;
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > longest) {
    const message = `A link to ${key} in ${url} can be valid for 1 to ${longest} seconds (7 days), not ${seconds}.`;
    throw new StoreError('bad-validity', exitCodes.usage, message, { store: url, key });
  }
  return readUrl(context, key, seconds);
}

/** A key that ends so much earlier than a signature still signs it: the files of a version are signed one after the other, ms. */
const slack = 60 * 1000;

/** Keys of Entra ID that were asked for, by store: one signs all files of a version. */
const delegatedKeys = new WeakMap<AzureContext, Promise<UserDelegationKey>>();

/** A key that is valid until `expiresOn`, where the service gives it for so long. */
async function delegatedKey(context: AzureContext, key: string, expiresOn: Date): Promise<UserDelegationKey> {
  const known = await delegatedKeys.get(context)?.catch(() => undefined);
  if (known && known.signedExpiresOn.getTime() >= expiresOn.getTime() - slack) return known;
  // Not before the week that its end allows.
  const startsOn = new Date(Math.max(Date.now() - clockSkew, expiresOn.getTime() - longest * 1000));
  const delegated = repeat(context, { verb: 'sign', key }, ({ abortSignal }) =>
    context.service.getUserDelegationKey(startsOn, expiresOn, { abortSignal }),
  );
  delegatedKeys.set(context, delegated);
  return delegated;
}

export async function readUrl(context: AzureContext, key: string, seconds: number): Promise<SignedUrl> {
  const { place, endpoint, identity } = context;
  const end = Date.now() + seconds * 1000;
  // Signatures have whole seconds; one key signs all that is asked for in the same command.
  const expiresOn = new Date(Math.floor(end / 1000) * 1000);
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
    return { url: `${blob}?${generateBlobSASQueryParameters(signed, credential)}`, expires: expiresOn };
  }
  if (identity.kind === 'sas') {
    throw new UnsupportedError('signing a link: the connection string has a signature and no key', {
      store: place.url,
      key,
      hint: 'Log in with azure/login or "az login", or use a connection string with the account’s key.',
    });
  }
  const delegated = await delegatedKey(context, key, expiresOn);
  // A signature beyond the end of its key dies with it, though the SDK makes it.
  const expires = delegated.signedExpiresOn < expiresOn ? delegated.signedExpiresOn : expiresOn;
  const isCut = expires.getTime() < expiresOn.getTime() - slack;
  const startsOn = delegated.signedStartsOn;
  const query = generateBlobSASQueryParameters({ ...signed, startsOn, expiresOn: expires }, delegated, place.account);
  return { url: `${blob}?${query}`, expires, ...(isCut && { endsWith: 'the key that Entra ID gave for signing' }) };
}
