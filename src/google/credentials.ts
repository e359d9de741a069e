import { Compute, GoogleAuth, JWT } from 'google-auth-library';
import { ColdgateError, exitCodes } from '../errors.ts';
import { endpointOf, type GoogleVariables } from './endpoints.ts';
import { GoogleFailure } from './failure.ts';
import { send } from './http.ts';

/** Who this run is to Google. Errors hold no token: the library's own carry whole requests. */
export interface GoogleCredentials {
  /** Headers with credentials. Throws ColdgateError `no-credentials` (exit 8). */
  headers(): Promise<Record<string, string>>;
  /**
   * E-mail address of the service account that the run acts as; undefined for user accounts and where it cannot be
   * determined.
   */
  account(): Promise<string | undefined>;
  /**
   * A token that shows a private service who calls it. Valid for an hour and kept for most of it.
   * @param audience URL of the service
   * Throws ColdgateError `no-credentials` or `permission-denied` (exit 8).
   */
  idToken(audience: string): Promise<string>;
}

const logIn =
  'In GitHub Actions give the job "permissions: id-token: write" and log in with google-github-actions/auth, service_account included; elsewhere run "gcloud auth application-default login".';

/** Clients of the library that get ID tokens by themselves: keys, Google's machines, user accounts. */
interface TokenClient {
  fetchIdToken(audience: string): Promise<string>;
}

const isTokenClient = (client: object): client is TokenClient =>
  'fetchIdToken' in client && typeof client.fetchIdToken === 'function';

/** How long an ID token is used, ms: it is valid for an hour. */
const tokenLifeMs = 45 * 60_000;

/** Application default credentials, as gcloud and google-github-actions/auth leave them. Reads nothing until it is asked. */
export function openCredentials(variables: GoogleVariables, signal: AbortSignal): GoogleCredentials {
  const auth = new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
  const tokens = new Map<string, { until: number; token: Promise<string> }>();
  const explained = <T>(work: () => Promise<T>): Promise<T> =>
    work().catch((thrown: unknown) => Promise.reject(credentialsError(thrown)));
  const account = () =>
    auth.getCredentials().then(
      (found) => found.client_email || undefined,
      () => undefined,
    );
  const headers = () => explained(async () => Object.fromEntries(await auth.getRequestHeaders()));
  const fresh = async (audience: string): Promise<string> => {
    const client = await explained(() => auth.getClient());
    // Impersonation and federation go through the same call, made here so that its refusal can be explained.
    const email = isKeyOrMachine(client) ? undefined : await account();
    if (email !== undefined) return generateIdToken(variables, await headers(), { email, audience, signal });
    if (isTokenClient(client)) return explained(() => client.fetchIdToken(audience));
    throw noAccount();
  };
  return {
    headers,
    account,
    idToken(audience) {
      const known = tokens.get(audience);
      if (known && known.until > Date.now()) return known.token;
      const token = fresh(audience);
      tokens.set(audience, { until: Date.now() + tokenLifeMs, token });
      token.catch(() => tokens.delete(audience));
      return token;
    },
  };
}

/** A service account's key and Google's own machines sign for themselves. */
const isKeyOrMachine = (client: object): boolean => client instanceof JWT || client instanceof Compute;

interface TokenRequest {
  email: string;
  audience: string;
  signal: AbortSignal;
}

/** https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateIdToken */
async function generateIdToken(
  variables: GoogleVariables,
  headers: Record<string, string>,
  { email, audience, signal }: TokenRequest,
): Promise<string> {
  const url = `${endpointOf('iamcredentials', variables)}/v1/projects/-/serviceAccounts/${email}:generateIdToken`;
  try {
    const json = { audience, includeEmail: true };
    const { token } = (await send({ method: 'POST', url, headers, json, signal })) as { token?: string };
    return token ?? '';
  } catch (error) {
    signal.throwIfAborted();
    const { status, message } = error as GoogleFailure;
    if (!(error instanceof GoogleFailure) || status !== 403) throw credentialsError(error);
    const permission = 'iam.serviceAccounts.getOpenIdToken';
    const text = `${email} may not make ID tokens for itself, which private services ask for: ${message}`;
    throw new ColdgateError('permission-denied', exitCodes.denied, text, {
      hint: `Grant roles/iam.serviceAccountOpenIdTokenCreator on ${email} to ${email} itself. A new grant takes some minutes to count.`,
      cause: error,
      data: { action: permission, resource: email },
    });
  }
}

const noAccount = (): ColdgateError =>
  new ColdgateError(
    'no-credentials',
    exitCodes.denied,
    'These Google credentials are of no service account, and Cloud Run takes no others from a pipeline.',
    { hint: 'Name a service account to impersonate: `service_account:` of google-github-actions/auth.' },
  );

function credentialsError(thrown: unknown): ColdgateError {
  if (thrown instanceof ColdgateError) return thrown;
  const reason = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';
  const isMissing = /Could not load the default credentials/.test(reason);
  const isImpersonation = /impersonat|getAccessToken/i.test(reason);
  const text = isMissing ? 'There are no Google Cloud credentials.' : `Google gave no credentials: ${reason}`;
  const hint = isImpersonation
    ? 'Grant roles/iam.workloadIdentityUser on the service account to the identity that logs in (it needs iam.serviceAccounts.getAccessToken).'
    : logIn;
  return new ColdgateError('no-credentials', exitCodes.denied, text, { hint, cause: new Error(reason) });
}
