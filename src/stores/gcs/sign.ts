import { exitCodes } from '../../errors.ts';
import { redact } from '../redact.ts';
import { DeniedError, type SignedUrl, StoreError, UnsupportedError } from '../store.ts';
import type { GcsContext } from './context.ts';
import { credentialsFault } from './credentials.ts';

/** Longest validity that signature version 4 takes, seconds. */
const longest = 7 * 24 * 60 * 60;

/** Google keeps the keys that it signs with for an account for so long at least, seconds (docs/facts.md). */
const keptKeys = 12 * 60 * 60;

/** Signs a read of the object, with the account's key or, where it has none, by asking Google to sign. */
export async function signRead(context: GcsContext, key: string, seconds: number): Promise<SignedUrl> {
  const { place, storage, limits } = context;
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > longest) {
    const message = `A link to ${key} in ${place.url} can be valid for 1 to ${longest} seconds (7 days), not ${seconds}.`;
    throw new StoreError('bad-validity', exitCodes.usage, message, { store: place.url, key });
  }
  const now = Math.floor(Date.now() / 1000) * 1000;
  try {
    const own = await hasKey(context);
    const valid = own ? seconds : Math.min(seconds, keptKeys);
    const [url] = await storage
      .bucket(place.bucket)
      .file(place.nameOf(key))
      .getSignedUrl({
        version: 'v4',
        action: 'read',
        accessibleAt: now,
        expires: now + valid * 1000,
        ...(limits.signingEndpoint === undefined ? {} : { signingEndpoint: limits.signingEndpoint }),
      });
    const endsWith = valid < seconds ? 'the key that Google signs with for an account without one' : undefined;
    return { url, expires: new Date(now + valid * 1000), endsWith };
  } catch (thrown) {
    throw signingFault(thrown, place.url, key);
  }
}

/** Whether these credentials hold a private key; others have Google sign. */
async function hasKey({ storage }: GcsContext): Promise<boolean> {
  const credentials = await storage.authClient.getCredentials();
  return credentials.private_key !== undefined;
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
      'Run what coldgate iam --environment NAME --role pipeline --verbs url prints: it makes the role coldgateLinkSigner, which has this right alone, and gives it to the account on itself.';
    return new DeniedError(message, { ...fields, hint });
  }
  return credentialsFault(thrown, store);
}
