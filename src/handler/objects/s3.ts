import { LoadError, toLoadError } from '../model/load-error.ts';
import type { Answer } from '../readers/answer.ts';
import { defaultLimits } from '../readers/limits.ts';
import { persist } from '../readers/persist.ts';
import { S3Objects } from '../readers/s3.ts';
import { S3Client, type S3Request, s3Options } from '../readers/s3-client.ts';
import { type S3Action, s3Refusal } from '../readers/s3-refusal.ts';
import { endpointProblem, type StoreSource } from '../readers/source.ts';
import { SettingsError, type Variables } from '../settings.ts';
import { type Creation, defaultType, type Objects, readFrom } from './objects.ts';

/**
 * Signs with the credentials that the platform gives. AWS_ENDPOINT_URL_S3 names another service, where the place names
 * none. Throws SettingsError where that is none to send them to. Its calls throw LoadError where S3 refuses or does not
 * answer: the event that they are for is delivered again then.
 */
export function openObjects(variables: Variables, place: Pick<StoreSource, 'endpoint' | 'region'> = {}): Objects {
  const endpoint = place.endpoint ?? (variables['AWS_ENDPOINT_URL_S3'] || variables['AWS_ENDPOINT_URL'] || undefined);
  const problem = endpoint && endpointProblem(endpoint);
  if (problem) throw new SettingsError([`AWS_ENDPOINT_URL_S3: ${problem}.`]);
  const client = new S3Client(s3Options({ ...place, endpoint }, variables));
  const ask: Ask = async (request) => {
    try {
      return await persist(() => client.ask(request), defaultLimits);
    } catch (error) {
      throw toLoadError(error, 'store-unavailable', `Asking S3 for ${request.bucket}/${request.key}`);
    }
  };
  return {
    scheme: 's3',
    exists: (bucket, key) => exists(ask, bucket, key),
    read: ({ bucket, key, only, versionId }) =>
      readFrom(new S3Objects(client, bucket, '', undefined, versionId), key, only && `"${only}"`),
    create: (bucket, key, body, type = defaultType) => create(ask, { bucket, key, body, type }),
  };
}

type Ask = (request: S3Request) => Promise<Answer>;

async function exists(ask: Ask, bucket: string, key: string): Promise<boolean> {
  const answer = await ask({ method: 'HEAD', bucket, key });
  await answer.text();
  // Without the right to list, S3 answers 403 for what is not there; the create decides then.
  if ([200, 404, 403].includes(answer.status)) return answer.status === 200;
  throw await refused('s3:GetObject', bucket, key, answer);
}

async function create(ask: Ask, { bucket, key, body, type }: Creation): Promise<boolean> {
  const headers = { 'if-none-match': '*', 'content-type': type };
  const answer = await ask({ method: 'PUT', bucket, key, headers, body });
  await answer.text();
  if (answer.status === 200 || answer.status === 412) return answer.status === 200;
  throw await refused('s3:PutObject', bucket, key, answer);
}

async function refused(action: S3Action, bucket: string, key: string, answer: Answer): Promise<LoadError> {
  const known = await s3Refusal(action, bucket, key, answer);
  return known ?? new LoadError('store-unavailable', `S3 answered ${answer.status} to ${action} of ${bucket}/${key}.`);
}
