import { LoadError, toLoadError } from '../model/load-error.ts';
import type { Answer } from '../readers/answer.ts';
import { AzureBlobs, errorCode } from '../readers/azure-blobs.ts';
import { defaultLimits } from '../readers/limits.ts';
import { persist } from '../readers/persist.ts';
import type { StoreSource } from '../readers/source.ts';
import type { Variables } from '../settings.ts';
import { type Creation, defaultType, type Objects, readFrom } from './objects.ts';

type Ask = (...request: Parameters<AzureBlobs['send']>) => Promise<Answer>;

/**
 * Blobs of one container, as the function's managed identity, or with AZURE_STORAGE_CONNECTION_STRING; MODEL_ENDPOINT names
 * an emulator, where the place names none. Throws SettingsError where these fit no account. Its calls throw LoadError where
 * Azure refuses or does not answer: the event is delivered again then.
 * @param bucket `account/container`
 */
export function openObjects(bucket: string, variables: Variables, place: Pick<StoreSource, 'endpoint'> = {}): Objects {
  const endpoint = place.endpoint ?? (variables['MODEL_ENDPOINT'] || undefined);
  const blobs = new AzureBlobs({ store: 'azure', bucket, root: '', endpoint }, variables);
  const ask: Ask = async (...request) => {
    try {
      return await persist(() => blobs.send(...request), defaultLimits);
    } catch (error) {
      throw toLoadError(error, 'store-unavailable', `Asking Azure for azure://${bucket}/${request[1]}`);
    }
  };
  return {
    scheme: 'azure',
    exists: (_bucket, key) => exists(ask, bucket, key),
    read: ({ key, only }) => readFrom(blobs, key, only),
    create: (_bucket, key, body, type = defaultType) => create(ask, { bucket, key, body, type }),
  };
}

/** https://learn.microsoft.com/rest/api/storageservices/get-blob-properties */
async function exists(ask: Ask, bucket: string, key: string): Promise<boolean> {
  const answer = await ask('HEAD', key, { headers: {} });
  await answer.text();
  if (answer.status === 200 || answer.status === 404) return answer.status === 200;
  throw refused('read', bucket, key, answer);
}

/** https://learn.microsoft.com/rest/api/storageservices/put-blob */
async function create(ask: Ask, { bucket, key, body, type }: Creation): Promise<boolean> {
  const headers = {
    'content-length': String(body.byteLength),
    'content-type': type,
    'if-none-match': '*',
    'x-ms-blob-type': 'BlockBlob',
  };
  const answer = await ask('PUT', key, { headers, body });
  await answer.text();
  const isThere = answer.status === 412 || errorCode(answer) === 'BlobAlreadyExists';
  if (answer.status === 201 || isThere) return !isThere;
  throw refused('write', bucket, key, answer);
}

function refused(verb: 'read' | 'write', bucket: string, key: string, answer: Answer): LoadError {
  const { status } = answer;
  const blob = `azure://${bucket}/${key}`;
  if (status === 401 || status === 403) {
    const message = `The function's identity needs blobs/${verb} on ${blob} (${status} ${errorCode(answer)}).`;
    return new LoadError('store-denied', message);
  }
  return new LoadError('store-unavailable', `Azure answered ${status} ${errorCode(answer)} to a ${verb} of ${blob}.`);
}
