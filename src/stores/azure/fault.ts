import { ColdgateError, exitCodes } from '../../errors.ts';
import { connectionHint } from '../../proxy.ts';
import type { Failure } from '../commit-write.ts';
import { isUnreached } from '../connection.ts';
import {
  AlreadyExistsError,
  NotFoundError,
  type Precondition,
  PreconditionError,
  StoreError,
  UnavailableError,
  UnsupportedError,
} from '../store.ts';
import type { AzureContext, Identity } from './context.ts';
import { tokenScope } from './credentials.ts';
import { denialOf, type RequestContext } from './denial.ts';
import { failureOf, type RequestFailure } from './failure.ts';

/**
 * Who asks, for errors: Azure does not say it, but the token does. Its name where it is a person's, else the id of the
 * application. Undefined where no token is used or none can be had.
 */
export async function principalOf(identity: Identity): Promise<string | undefined> {
  if (identity.kind !== 'token') return undefined;
  try {
    // The SDK keeps the token that the refused request carried.
    const payload = (await identity.credential.getToken(tokenScope))?.token.split('.')[1] ?? '';
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const named = [claims.upn, claims.oid, claims.appid].find((claim) => typeof claim === 'string' && claim !== '');
    return named;
  } catch {
    return undefined;
  }
}

/** Returns the store error for a failed request; an error that is a store error already is returned unchanged. */
export async function explain(thrown: unknown, context: AzureContext, requestContext: RequestContext): Promise<Error> {
  if (thrown instanceof ColdgateError) return thrown;
  const failure = failureOf(thrown);
  const who = failure.status === 403 ? await principalOf(context.identity) : undefined;
  return explainFailure(failure, context, requestContext, who);
}

const archived = new Set(['BlobArchived', 'BlobBeingRehydrated']);
const leased = new Set(['LeaseIdMissing', 'LeaseLost', 'LeaseIdMismatchWithBlobOperation']);
const badName = new Set(['InvalidUri', 'InvalidResourceName', 'OutOfRangeInput', 'ResourceNameTooLong']);

function explainFailure(
  failure: RequestFailure,
  context: AzureContext,
  requestContext: RequestContext,
  who?: string,
): StoreError {
  const { url, account, container } = context.place;
  const { status, code, message } = failure;
  const fields = { store: url, key: requestContext.key, cause: failure };
  const at = requestContext.key === undefined ? url : `${requestContext.key} in ${url}`;
  if (code === 'ContainerNotFound' || code === 'ContainerBeingDeleted') {
    const hint = `Correct the store’s URL in models.yaml, or make the container: az storage container create --account-name ${account} --name ${container} --auth-mode login`;
    return new StoreError('no-bucket', exitCodes.usage, `There is no container ${container} in ${account} (${url}).`, {
      ...fields,
      hint,
    });
  }
  const kept = keptFault(failure, context, requestContext);
  if (kept) return kept;
  if (status === 412 && requestContext.key !== undefined) return new PreconditionError(url, requestContext.key, fields);
  const denial = denialOf(failure, context, requestContext, who);
  if (denial) return denial;
  if (status === 404 && requestContext.key !== undefined) return new NotFoundError(url, requestContext.key, fields);
  if (status === 501 || status === 405)
    return new UnsupportedError(`to ${requestContext.verb} as it was sent (${code})`, fields);
  if (status === 400 && badName.has(code)) {
    const summary = `The store’s prefix and ${requestContext.key} together are no name that Azure Blob Storage takes (${code}).`;
    return new StoreError('bad-key', exitCodes.usage, summary, { ...fields, hint: 'Choose a shorter prefix or name.' });
  }
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429;
  if (isRefusal && !isUntouched(failure)) {
    const summary = `${account} refused a request to ${requestContext.verb} in ${url} (${status} ${code}): ${message}`;
    return new StoreError('request-refused', exitCodes.unexpected, summary, fields);
  }
  return unavailable(failure, context, requestContext, at);
}

/** A blob that is there, in a state in which this cannot be done to it; undefined for other failures. */
function keptFault(
  failure: RequestFailure,
  { place }: AzureContext,
  { key = '' }: RequestContext,
): StoreError | undefined {
  const { url, account, container } = place;
  const fields = { store: url, key, cause: failure };
  const at = `${key} in ${url}`;
  const blob = `--account-name ${account} --container-name ${container}`;
  const name = place.nameOf(key);
  if (archived.has(failure.code)) {
    const hint = `Bring it back: az storage blob set-tier ${blob} --name ${name} --tier Hot`;
    const summary = `${at} is in the archive tier and cannot be read.`;
    return new StoreError('object-archived', exitCodes.usage, summary, { ...fields, hint });
  }
  if (leased.has(failure.code)) {
    const hint = `Somebody locked it. To end that: az storage blob lease break ${blob} --blob-name ${name}`;
    const summary = `${at} is leased and cannot be changed.`;
    return new StoreError('object-leased', exitCodes.conflict, summary, { ...fields, hint });
  }
  if (failure.code !== 'SnapshotsPresent') return undefined;
  const hint = 'Delete its snapshots: versions and soft delete keep old states without them.';
  const summary = `${at} has snapshots and cannot be removed.`;
  return new StoreError('object-has-snapshots', exitCodes.conflict, summary, { ...fields, hint });
}

function unavailable(
  failure: RequestFailure,
  context: AzureContext,
  requestContext: RequestContext,
  at: string,
): UnavailableError {
  const { status, code, message } = failure;
  const fields = { store: context.place.url, key: requestContext.key, cause: failure };
  const { endpoint } = context;
  if (code === 'SilenceError') {
    return new UnavailableError(`${at}: ${message} while waiting for ${endpoint} to ${requestContext.verb}.`, fields);
  }
  if (status === 0) {
    const hint = isUnreached(code) ? connectionHint('the name of the account, the endpoint') : undefined;
    const summary = `${at}: the connection to ${endpoint} failed in a request to ${requestContext.verb} (${code}: ${message}).`;
    return new UnavailableError(summary, { ...fields, hint });
  }
  const summary = `${at}: ${endpoint} answered a request to ${requestContext.verb} with ${status} ${code}: ${message}`;
  return new UnavailableError(summary, fields);
}

/** Whether the service cannot have acted: it was not reached, the bytes were damaged, or a copy is still running. */
const isUntouched = ({ status, code }: RequestFailure): boolean =>
  status === 0 ? isUnreached(code) : status === 429 || code === 'Md5Mismatch' || code === 'PendingCopyOperation';

/** What a failed conditional write means, for `commitWrite`; takes what `explain` made of it. */
export function judgeWrite({ place }: AzureContext, key: string, when: Precondition): (thrown: unknown) => Failure {
  return (thrown) => {
    const error =
      thrown instanceof StoreError ? thrown : new UnavailableError(String(thrown), { store: place.url, key });
    const failure = error.cause instanceof Error ? failureOf(error.cause) : undefined;
    const options = { cause: failure };
    const exists = when === 'absent' && (failure?.code === 'BlobAlreadyExists' || error instanceof PreconditionError);
    if (exists) return { kind: 'refused', error: new AlreadyExistsError(place.url, key, options) };
    if (error instanceof PreconditionError) return { kind: 'refused', error };
    // There is nothing to replace.
    if (when !== 'absent' && error instanceof NotFoundError) {
      return { kind: 'refused', error: new PreconditionError(place.url, key, options) };
    }
    if (!(error instanceof UnavailableError)) return { kind: 'final', error };
    return { kind: failure && isUntouched(failure) ? 'untouched' : 'unknown', error };
  };
}
