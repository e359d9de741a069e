import { connectionHint } from '../../proxy.ts';
import { redact } from '../redact.ts';
import { DeniedError, type StoreError, UnavailableError } from '../store.ts';

export const logIn =
  'In GitHub Actions give the job "permissions: id-token: write" and log in with google-github-actions/auth (workload identity); elsewhere run "gcloud auth application-default login".';

/** Node's codes, and those of the HTTP client under the SDK, for an answer that never came. */
const unreached = /ECONN|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|no answer within|socket hang up/;

/**
 * Why there are no credentials. The SDK's errors hold requests with tokens in them: only its words are kept, and those
 * redacted.
 */
export function credentialsFault(thrown: unknown, store: string): StoreError {
  const reason = redact(thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';
  const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'code') : undefined;
  const fields = { store, cause: new Error(reason) };
  if (unreached.test(`${code} ${reason}`)) {
    const hint = connectionHint('the login');
    return new UnavailableError(`Google gave no credentials for ${store}: ${reason}.`, { ...fields, hint });
  }
  if (/Could not load the default credentials/.test(reason)) {
    const message = `There are no Google Cloud credentials to open ${store} with.`;
    return new DeniedError(message, { ...fields, hint: logIn });
  }
  if (/reasonable timeframe|iat and exp|issued in the future/i.test(reason)) {
    const message = `Google gave no credentials for ${store}, since the clock of this machine is wrong: ${reason}`;
    return new DeniedError(message, { ...fields, hint: 'Set the clock of this machine.' });
  }
  const impersonation = /impersonat|getAccessToken/i.test(reason);
  const hint = impersonation
    ? 'Grant roles/iam.workloadIdentityUser on the service account to the identity that logs in (it needs iam.serviceAccounts.getAccessToken).'
    : logIn;
  return new DeniedError(`Google gave no credentials for ${store}: ${reason}`, { ...fields, hint });
}
