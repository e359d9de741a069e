// No SDK of Azure reads this variable itself, unlike the SDKs of other stores theirs; no other code of a driver reads one.
import { env } from 'node:process';
import { AnonymousCredential, BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { InputError } from '../../errors.ts';
import { entraCredential } from '../entra.ts';
import { redact } from '../redact.ts';
import type { Identity, TokenCredential } from './context.ts';
import type { BucketLocation } from './location.ts';

export const tokenScope = 'https://storage.azure.com/.default';

/** The identity and the account, as far as known without a request. */
export interface Login {
  identity: Identity;
  credential: StorageSharedKeyCredential | TokenCredential | AnonymousCredential;
  /** Base URL of the account's blobs; with its signature where the identity is one. */
  url: string | undefined;
}

/**
 * AZURE_STORAGE_CONNECTION_STRING where it is of the account that the store is in; else GitHub's token of the job, or the
 * chain of @azure/identity: workload identity, managed identity, az, and what else a machine may have. Throws InputError for a connection string that is none.
 */
export async function logIn({ account }: BucketLocation, isHttps: boolean, given?: TokenCredential): Promise<Login> {
  const text = env['AZURE_STORAGE_CONNECTION_STRING'];
  if (text && !given) {
    const client = connected(text);
    if (client.accountName === account) return loginOf(client);
  }
  if (!isHttps) {
    const message = `a token would be readable on its way to an http:// endpoint.`;
    const hint = `Set AZURE_STORAGE_CONNECTION_STRING to that of the account ${account}, or use an https:// endpoint.`;
    throw new InputError([{ path: 'store.endpoint', message, hint }]);
  }
  const credential = given ?? (await entraCredential(env));
  return { identity: { kind: 'token', credential }, credential, url: undefined };
}

function loginOf({ credential, url }: BlobServiceClient): Login {
  if (credential instanceof StorageSharedKeyCredential)
    return { identity: { kind: 'key', credential }, credential, url };
  return { identity: { kind: 'sas' }, credential: new AnonymousCredential(), url };
}

function connected(text: string): BlobServiceClient {
  try {
    return BlobServiceClient.fromConnectionString(text);
  } catch (thrown) {
    const why = redact(thrown instanceof Error ? thrown.message : String(thrown));
    const message = `AZURE_STORAGE_CONNECTION_STRING cannot be read: ${why}`;
    const hint = 'Copy it again: az storage account show-connection-string --name ACCOUNT --query connectionString';
    throw new InputError([{ path: 'AZURE_STORAGE_CONNECTION_STRING', message, hint }]);
  }
}
