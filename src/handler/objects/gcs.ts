import { LoadError, toLoadError } from '../model/load-error.ts';
import type { Answer } from '../readers/answer.ts';
import { askAsBearer } from '../readers/bearer.ts';
import { googleCredentials } from '../readers/credentials/google.ts';
import { GcsObjects } from '../readers/gcs.ts';
import { defaultLimits } from '../readers/limits.ts';
import { persist } from '../readers/persist.ts';
import { endpointProblem, type StoreSource } from '../readers/source.ts';
import { type HttpRequest, send } from '../readers/transport.ts';
import { SettingsError, type Variables } from '../settings.ts';
import { type Creation, defaultType, type Objects, readFrom } from './objects.ts';

type Ask = (
  request: Pick<HttpRequest, 'method' | 'path' | 'body'> & { type?: string },
  what: string,
) => Promise<Answer>;

/**
 * Objects of Cloud Storage over the JSON API, as the service account that the function runs as; STORAGE_EMULATOR_HOST
 * names another service, where the place names none; it is given no token. Throws SettingsError where that is none to send anything to. Its calls
 * throw LoadError where Cloud Storage refuses or does not answer: the event is delivered again then.
 */
export function openObjects(variables: Variables, place: Pick<StoreSource, 'endpoint'> = {}): Objects {
  const endpoint = place.endpoint ?? (variables['STORAGE_EMULATOR_HOST'] || undefined);
  const problem = endpoint && endpointProblem(endpoint);
  if (problem) throw new SettingsError([`STORAGE_EMULATOR_HOST: ${problem}.`]);
  const origin = new URL(endpoint ?? 'https://storage.googleapis.com');
  const credentials = endpoint ? undefined : googleCredentials(variables);
  const ask: Ask = async ({ method, path, body, type = '' }, what) => {
    const headers = body === undefined ? {} : { 'content-type': type };
    const once = (bearer: Record<string, string>) =>
      send({ origin, method, path, body, headers: { ...headers, ...bearer } });
    try {
      return await persist(() => askAsBearer(credentials, once), defaultLimits);
    } catch (error) {
      throw toLoadError(error, 'store-unavailable', `Asking Cloud Storage for ${what}`);
    }
  };
  return {
    scheme: 'gs',
    exists: (bucket, key) => exists(ask, bucket, key),
    read({ bucket, key, only }) {
      const service = new GcsObjects({ store: 'gcs', bucket, root: '', endpoint }, origin, credentials, defaultLimits);
      return readFrom(service, key, only);
    },
    create: (bucket, key, body, type = defaultType) => create(ask, { bucket, key, body, type }),
  };
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects/get */
async function exists(ask: Ask, bucket: string, key: string): Promise<boolean> {
  const path = `/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(key)}?fields=generation`;
  const answer = await ask({ method: 'GET', path }, `gs://${bucket}/${key}`);
  await answer.text();
  // Without the right to list, Cloud Storage answers 403 for what is not there; the create decides then.
  if ([200, 404, 403].includes(answer.status)) return answer.status === 200;
  throw refused('storage.objects.get', bucket, key, answer);
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects/insert */
async function create(ask: Ask, { bucket, key, body, type }: Creation): Promise<boolean> {
  const query = `uploadType=media&ifGenerationMatch=0&name=${encodeURIComponent(key)}`;
  const path = `/upload/storage/v1/b/${encodeURIComponent(bucket)}/o?${query}`;
  const answer = await ask({ method: 'POST', path, body, type }, `gs://${bucket}/${key}`);
  await answer.text();
  if (answer.status === 200 || answer.status === 412) return answer.status === 200;
  throw refused('storage.objects.create', bucket, key, answer);
}

function refused(permission: string, bucket: string, key: string, { status }: Answer): LoadError {
  const object = `gs://${bucket}/${key}`;
  if (status === 401 || status === 403) {
    return new LoadError('store-denied', `The function's service account needs ${permission} on ${object}.`);
  }
  return new LoadError('store-unavailable', `Cloud Storage answered ${status} to ${permission} of ${object}.`);
}
