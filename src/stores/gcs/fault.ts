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
import type { GcsContext } from './context.ts';
import { denialOf, type RequestContext } from './denial.ts';
import { noAnswer, type RequestFailure } from './failure.ts';

/** Returns the store error for a failed request; an error that is a store error already is returned unchanged. */
export function explain(thrown: unknown, context: GcsContext, requestContext: RequestContext): Error {
  if (thrown instanceof ColdgateError) return thrown;
  return explainFailure(noAnswer(thrown), context, requestContext);
}

function explainFailure(failure: RequestFailure, context: GcsContext, requestContext: RequestContext): StoreError {
  const { url, bucket } = context.place;
  const { status, message } = failure;
  const fields = { store: url, key: requestContext.key, cause: failure };
  if (isNoBucket(failure, requestContext)) {
    const hint = `Correct the store’s URL in models.yaml, or make the bucket: gcloud storage buckets create gs://${bucket} --uniform-bucket-level-access`;
    return new StoreError('no-bucket', exitCodes.usage, `There is no bucket ${bucket} (${url}).`, { ...fields, hint });
  }
  if (isBusy(failure) || isGarbled(failure)) return unavailable(failure, context, requestContext);
  if (status === 412 && requestContext.key !== undefined) return new PreconditionError(url, requestContext.key, fields);
  const denial = denialOf(failure, context, requestContext);
  if (denial) return denial;
  if (status === 404 && requestContext.key !== undefined) return new NotFoundError(url, requestContext.key, fields);
  if (status === 501 || status === 405) return new UnsupportedError(`to ${requestContext.verb} as it was sent`, fields);
  if (status === 400 && /object name|name.*(?:length|long)/i.test(message)) {
    const summary = `The bucket’s prefix and ${requestContext.key} together are no name that Google Cloud Storage takes: ${message}`;
    return new StoreError('bad-key', exitCodes.usage, summary, { ...fields, hint: 'Choose a shorter prefix or name.' });
  }
  if (status >= 400 && status < 500 && status !== 408) {
    const summary = `${context.endpoint} refused a request to ${requestContext.verb} in ${url} (${status} ${failure.reason}): ${message}`;
    return new StoreError('request-refused', exitCodes.unexpected, summary, fields);
  }
  return unavailable(failure, context, requestContext);
}

/** Where an object is created, only the bucket can be missing; elsewhere the message shows it. */
const isNoBucket = ({ status, message }: RequestFailure, { verb }: RequestContext): boolean =>
  status === 404 &&
  (verb === 'create' || verb === 'replace' || verb === 'list' || /bucket does not exist/i.test(message));

/** Too many changes of the object or requests of the account; nothing was done. */
export const isBusy = ({ status, reason }: RequestFailure): boolean =>
  status === 429 || (status === 403 && /rateLimitExceeded|RateLimitExceeded|quotaExceeded/.test(reason));

/** The bytes were damaged on their way, and the server noticed. */
const isGarbled = ({ status, message }: RequestFailure): boolean =>
  status === 400 && /doesn't match calculated|does not match.*(?:crc32c|md5|hash)/i.test(message);

function unavailable(failure: RequestFailure, context: GcsContext, requestContext: RequestContext): UnavailableError {
  const { status, reason, message } = failure;
  const { url } = context.place;
  const fields = { store: url, key: requestContext.key, cause: failure };
  const at = requestContext.key === undefined ? url : `${requestContext.key} in ${url}`;
  if (isBusy(failure)) {
    const hint = 'An object takes about one change a second: wait, and run it again.';
    return new UnavailableError(`${at}: too many changes at once (${message}).`, { ...fields, hint });
  }
  if (reason === 'SilenceError') {
    return new UnavailableError(
      `${at}: ${message} while waiting for ${context.endpoint} to ${requestContext.verb}.`,
      fields,
    );
  }
  if (status === 0) {
    const hint = isUnreached(reason) ? connectionHint('the endpoint') : undefined;
    const summary = `${at}: the connection to ${context.endpoint} failed in a request to ${requestContext.verb} (${reason}: ${message}).`;
    return new UnavailableError(summary, { ...fields, hint });
  }
  const summary = `${at}: ${context.endpoint} answered a request to ${requestContext.verb} with ${status} ${reason}: ${message}`;
  return new UnavailableError(summary, fields);
}

/** What a failed conditional write means, for `commitWrite`. */
export function judgeWrite(
  context: GcsContext,
  requestContext: RequestContext & { key: string },
  when: Precondition,
): (thrown: unknown) => Failure {
  return (thrown) => {
    if (thrown instanceof UnavailableError) return { kind: 'untouched', error: thrown };
    if (thrown instanceof StoreError) return { kind: 'final', error: thrown };
    const failure = noAnswer(thrown);
    const options = { cause: failure };
    if (failure.status === 412) {
      const { url } = context.place;
      const error =
        when === 'absent'
          ? new AlreadyExistsError(url, requestContext.key, options)
          : new PreconditionError(url, requestContext.key, options);
      return { kind: 'refused', error };
    }
    const error = explainFailure(failure, context, requestContext);
    if (!(error instanceof UnavailableError)) return { kind: 'final', error };
    const untouched = failure.status === 0 ? isUnreached(failure.reason) : isBusy(failure) || isGarbled(failure);
    return { kind: untouched ? 'untouched' : 'unknown', error };
  };
}
