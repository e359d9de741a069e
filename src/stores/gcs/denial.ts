import { DeniedError } from '../store.ts';
import type { GcsContext } from './context.ts';
import { logIn } from './credentials.ts';
import type { RequestFailure } from './failure.ts';

/** The permission that each kind of request needs. Google counts replacing as deleting and creating. */
const permissions = {
  create: 'storage.objects.create',
  replace: 'storage.objects.delete',
  copy: 'storage.objects.create',
  read: 'storage.objects.get',
  describe: 'storage.objects.get',
  list: 'storage.objects.list',
  locate: 'storage.buckets.get',
  remove: 'storage.objects.delete',
} as const;

/** A request: what it does, and the object where it is about one. */
export interface RequestContext {
  verb: keyof typeof permissions;
  key?: string | undefined;
}

/** DeniedError for a request that Google refused for this identity; undefined for other failures. */
export function denialOf(
  failure: RequestFailure,
  context: GcsContext,
  requestContext: RequestContext,
): DeniedError | undefined {
  const { status, message, reason } = failure;
  const { url, bucket } = context.place;
  const fields = { store: url, key: requestContext.key, cause: failure };
  const anonymous = /Anonymous caller/.test(message);
  if (status === 401) {
    const hint = anonymous ? `The endpoint ${context.endpoint} gets no credentials. ${logIn}` : logIn;
    return new DeniedError(`No valid Google Cloud credentials to ${requestContext.verb} in ${url}: ${message}`, {
      ...fields,
      hint,
    });
  }
  if (status !== 403) return undefined;
  if (/KMS|cryptoKey/.test(message)) {
    const hint =
      'Grant roles/cloudkms.cryptoKeyEncrypterDecrypter on the key to the service agent of Cloud Storage: gcloud storage service-agent --authorize-cmek=KEY';
    return new DeniedError(`${url} may not use its encryption key: ${message}`, { ...fields, hint });
  }
  if (reason === 'retentionPolicyNotMet' || /retention policy|object hold/i.test(message)) {
    const hint = `See what holds it: gcloud storage objects describe gs://${bucket}/${context.place.nameOf(requestContext.key ?? '')}`;
    return new DeniedError(`${url} keeps ${requestContext.key ?? 'its objects'} as it is: ${message}`, {
      ...fields,
      hint,
    });
  }
  if (reason === 'accountDisabled' || /vpcServiceControls|organization's policy/i.test(`${reason} ${message}`)) {
    return new DeniedError(`${url} is closed to this request: ${message}`, fields);
  }
  return forbidden(failure, context, requestContext);
}

/** The predefined role that has it, and least beside it. */
function roleOf(permission: string): string {
  if (permission === permissions.locate) return 'roles/storage.legacyBucketReader';
  return /\.(?:get|list)$/.test(permission) ? 'roles/storage.objectViewer' : 'roles/storage.objectUser';
}

/** Google names who asked and what is missing: "ci@p.iam.gserviceaccount.com does not have storage.objects.get access to …". */
function forbidden(failure: RequestFailure, context: GcsContext, requestContext: RequestContext): DeniedError {
  const { url, bucket } = context.place;
  const permission = /\b(storage\.[a-z]+\.[a-zA-Z]+)\b/.exec(failure.message)?.[1] ?? permissions[requestContext.verb];
  const principal = /^(\S+) does not have /.exec(failure.message)?.[1];
  const who = principal ?? 'The identity of these credentials';
  const role = roleOf(permission);
  const member = principal?.includes('gserviceaccount.com') ? `serviceAccount:${principal}` : 'MEMBER';
  const resource =
    requestContext.verb === 'list' || !requestContext.key
      ? bucket
      : `${bucket}/${context.place.nameOf(requestContext.key)}`;
  // Without storage.objects.list Google responds with "denied" for a missing object.
  const missing =
    permission === 'storage.objects.get'
      ? ' (it holds storage.objects.list too, without which missing objects are denied)'
      : '';
  const place = `gs://${resource}`;
  return new DeniedError(`${who} may not ${requestContext.verb} in ${url}: ${permission} on ${place} is missing.`, {
    store: url,
    key: requestContext.key,
    cause: failure,
    hint: `Grant ${role}${missing}: gcloud storage buckets add-iam-policy-binding gs://${bucket} --member=${member} --role=${role}`,
    data: { permission, resource: place, principal: principal ?? null },
  });
}
