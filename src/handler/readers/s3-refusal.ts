import { LoadError } from '../model/load-error.ts';
import type { Answer } from './answer.ts';

/** The code of an S3 error, empty where there is none. */
export async function errorCode(answer: Answer): Promise<string> {
  return /<Code>([A-Za-z0-9.]{1,60})<\/Code>/.exec(await answer.text())?.[1] ?? '';
}

export type S3Action = 's3:GetObject' | 's3:PutObject';

/**
 * The error for S3's refusal of an action, with what an operator has to change; undefined where the object is simply
 * missing.
 */
export async function s3Refusal(
  action: S3Action,
  bucket: string,
  key: string,
  answer: Answer,
): Promise<LoadError | undefined> {
  const code = await errorCode(answer);
  const resource = `arn:aws:s3:::${bucket}/${key}`;
  if (code === 'NoSuchBucket') return new LoadError('model-not-found', `There is no bucket ${bucket}.`);
  if (answer.status === 404) return undefined;
  const forbidden = answer.status === 401 || answer.status === 403;
  if (forbidden && code === 'RequestTimeTooSkewed') {
    return new LoadError('store-denied', "S3 refuses requests of a clock that is off: set this machine's time.");
  }
  if (forbidden && (await answer.text()).includes('kms:Decrypt')) {
    return new LoadError('store-denied', `The function's role needs kms:Decrypt on the key of ${resource}.`);
  }
  if (forbidden && (code === 'AccessDenied' || code === '')) return denied(action, resource);
  if (code === '') return undefined;
  const refused = forbidden || /Token|AccessKey|Authorization/.test(code);
  const message = `S3 answered ${answer.status} ${code} to ${action} of ${resource}.`;
  return new LoadError(refused ? 'store-denied' : 'store-unavailable', message);
}

/** Without the right to list, S3 responds alike for missing and forbidden objects. */
function denied(action: S3Action, resource: string): LoadError {
  const alike =
    action === 's3:GetObject'
      ? ' Without s3:ListBucket on the bucket S3 responds alike for an object that is not there.'
      : '';
  return new LoadError('store-denied', `The function's role needs ${action} on ${resource}.${alike}`);
}
