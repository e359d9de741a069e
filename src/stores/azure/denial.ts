import { DeniedError } from '../store.ts';
import type { AzureContext } from './context.ts';
import type { RequestFailure } from './failure.ts';

const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';

/** The permission that each kind of request needs, and the built-in role that grants it. */
const needs = {
  create: { permission: `${blobs}/write`, role: 'Storage Blob Data Contributor' },
  replace: { permission: `${blobs}/write`, role: 'Storage Blob Data Contributor' },
  copy: { permission: `${blobs}/write`, role: 'Storage Blob Data Contributor' },
  read: { permission: `${blobs}/read`, role: 'Storage Blob Data Reader' },
  describe: { permission: `${blobs}/read`, role: 'Storage Blob Data Reader' },
  list: { permission: `${blobs}/read`, role: 'Storage Blob Data Reader' },
  remove: { permission: `${blobs}/delete`, role: 'Storage Blob Data Contributor' },
  sign: {
    permission: 'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action',
    role: 'Storage Blob Delegator',
  },
} as const;

/** A request: what it does, and the blob where it is about one. */
export interface RequestContext {
  verb: keyof typeof needs;
  key?: string | undefined;
}

export const logInHint =
  'In GitHub Actions give the job "permissions: id-token: write" and log in with azure/login (client-id, tenant-id, subscription-id); elsewhere run "az login".';

/** What the chain of @azure/identity throws when none of its ways leads to a token. */
const noToken =
  /^(?:CredentialUnavailableError|AggregateAuthenticationError|AuthenticationRequiredError|AuthenticationError|ChainedTokenCredential.*)$/;

/** Whether the failure is that there are no credentials, or none that Entra ID takes. */
export const isLogInFailure = ({ code, status, message }: RequestFailure): boolean =>
  noToken.test(code) || (status === 0 && /AADSTS\d+/.test(message));

/**
 * DeniedError for a request that Azure, or its token service, refused for this identity; undefined for other failures.
 */
export function denialOf(
  failure: RequestFailure,
  context: AzureContext,
  requestContext: RequestContext,
  who?: string,
): DeniedError | undefined {
  const { status, code, message } = failure;
  const { url } = context.place;
  const denied = (summary: string, hint: string): DeniedError =>
    new DeniedError(summary, { store: url, key: requestContext.key, cause: failure, hint });
  if (isLogInFailure(failure)) {
    const why = /AADSTS\d+: ([^.]+\.)/.exec(message)?.[0] ?? message;
    return denied(`There are no Azure credentials to open ${url} with: ${why}`, logInHint);
  }
  if (code === 'BlobImmutableDueToPolicy' || code === 'BlobImmutableDueToLegalHold') {
    const hint =
      'The container’s immutability policy or a legal hold keeps it: az storage container immutability-policy show.';
    return denied(`${url} keeps ${requestContext.key ?? 'its blobs'} as it is: ${message}`, hint);
  }
  if (status !== 401 && status !== 403 && code !== 'PublicAccessNotPermitted') return undefined;
  if (code === 'KeyBasedAuthenticationNotPermitted') {
    const hint = `The account takes no keys: unset AZURE_STORAGE_CONNECTION_STRING. ${logInHint}`;
    return denied(`${context.place.account} does not take its key to ${requestContext.verb} in ${url}.`, hint);
  }
  if (code === 'AuthenticationFailed' || status === 401 || code === 'PublicAccessNotPermitted') {
    const hint =
      context.identity.kind === 'token'
        ? logInHint
        : 'Renew AZURE_STORAGE_CONNECTION_STRING, and set the clock of this machine.';
    const summary = `${context.place.account} does not take these credentials to ${requestContext.verb} in ${url} (${code}): ${message}`;
    return denied(summary, hint);
  }
  return forbidden(failure, context, requestContext, who);
}

function forbidden(
  failure: RequestFailure,
  context: AzureContext,
  requestContext: RequestContext,
  who?: string,
): DeniedError {
  const { place, identity } = context;
  const { permission, role } = needs[requestContext.verb];
  const fields = { store: place.url, key: requestContext.key, cause: failure };
  const data = { permission, resource: place.scope, principal: who ?? null };
  if (identity.kind === 'sas') {
    const message = `The signature in AZURE_STORAGE_CONNECTION_STRING does not allow to ${requestContext.verb} in ${place.url} (${failure.code}).`;
    return new DeniedError(message, {
      ...fields,
      data,
      hint: 'Make one that allows read, create, write, delete and list.',
    });
  }
  const subject = who ?? 'The identity of these credentials';
  const grant = `az role assignment create --assignee ${who ?? 'PRINCIPAL'} --role "${role}" --scope ${requestContext.verb === 'sign' ? place.scope.replace(/\/blobServices.*/, '') : place.scope}`;
  // The same answer comes for requests from networks that the account shuts out.
  const network =
    failure.code === 'AuthorizationFailure' ? ' If it has the role, look at the account’s network rules.' : '';
  const message = `${subject} may not ${requestContext.verb} in ${place.url}: ${permission} is missing (${failure.code}).`;
  return new DeniedError(message, { ...fields, data, hint: `Grant it: ${grant} (takes a few minutes).${network}` });
}
