import { exitCodes } from '../../errors.ts';
import { redact } from '../redact.ts';
import { DeniedError, StoreError, UnsupportedError } from '../store.ts';
import type { GcsContext } from './context.ts';
import { credentialsFault } from './credentials.ts';

/** Longest validity that signature version 4 takes, seconds. */
const longest = 7 * 24 * 60 * 60;

/** Signs a read of the object, with the account's key or, where it has none, by asking Google to sign. */
export async function signRead(context: GcsContext, key: string, seconds: number): Promise<string> {
  const { place, storage, limits } = context;
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > longest) {
    const message = `A link to ${key} in ${place.url} can be valid for 1 to ${longest} seconds (7 days), not ${seconds}.`;
    throw new StoreError('bad-validity', exitCodes.usage, message, { store: place.url, key });
  }
  const now = Math.floor(Date.now() / 1000) * 1000;
  try {
    const [url] = await storage
      .bucket(place.bucket)
      .file(place.nameOf(key))
      .getSignedUrl({
        version: 'v4',
        action: 'read',
        accessibleAt: now,
        expires: now + seconds * 1000,
        ...(limits.signingEndpoint === undefined ? {} : { signingEndpoint: limits.signingEndpoint }),
      });
    return url;
  } catch (thrown) {
    throw signingFault(thrown, place.url, key);
  }
}

function signingFault(thrown: unknown, store: string, key: string): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const reason = redact(thrown instanceof Error ? thrown.message : String(thrown));
  const fields = { store, key, cause: new Error(reason) };
  if (/without `client_email`/.test(reason)) {
    return new UnsupportedError('signing a link: these credentials are of no service account', {
      ...fields,
      hint: 'Log in as a service account: in GitHub Actions with service_account of google-github-actions/auth, elsewhere "gcloud auth application-default login --impersonate-service-account=ACCOUNT".',
    });
  }
  if (/signBlob/i.test(reason)) {
    const message = `No link to ${key} in ${store} can be signed: iam.serviceAccounts.signBlob is missing. ${reason}`;
    const hint =
      'Grant the account roles/iam.serviceAccountTokenCreator on itself: gcloud iam service-accounts add-iam-policy-binding ACCOUNT --member=serviceAccount:ACCOUNT --role=roles/iam.serviceAccountTokenCreator';
    return new DeniedError(message, { ...fields, hint });
  }
  return credentialsFault(thrown, store);
}
