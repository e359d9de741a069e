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
import { causeOf, type FailedAnswer, readFailure } from './answer.ts';
import type { S3Context } from './context.ts';
import { denialOf, type RequestContext } from './denial.ts';

/** The bytes were damaged on their way, or the server's clock differs: nothing was stored, and a retry may help. */
const garbled = new Set([
  'BadDigest',
  'InvalidDigest',
  'XAmzContentSHA256Mismatch',
  'RequestTimeout',
  'RequestTimeTooSkewed',
]);
const elsewhere = new Set([
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

/** Returns the store error for a failed request; an error that is a store error already is returned unchanged. */
export function explain(thrown: unknown, context: S3Context, requestContext: RequestContext): Error {
  if (thrown instanceof ColdgateError) return thrown;
  return explainFailure(readFailure(thrown), context, requestContext);
}

function explainFailure(failure: FailedAnswer, context: S3Context, requestContext: RequestContext): StoreError {
  const { url, bucket } = context.place;
  const { name, status } = failure;
  const fields = { store: url, key: requestContext.key, cause: causeOf(failure) };
  const at = requestContext.key === undefined ? url : `${requestContext.key} in ${url}`;
  if (name === 'NoSuchBucket') {
    const hint =
      'Correct the store’s URL in models.yaml, or make the bucket: aws s3 mb ' +
      `s3://${bucket} --region ${context.region}`;
    return new StoreError('no-bucket', exitCodes.usage, `There is no bucket ${bucket} (${url}).`, { ...fields, hint });
  }
  if (elsewhere.has(name) || status === 301) return wrongRegion(failure, context);
  if (name === 'InvalidObjectState') {
    const hint = `Restore it: aws s3api restore-object --bucket ${bucket} --key ${context.place.nameOf(requestContext.key ?? '')} --restore-request Days=7`;
    return new StoreError('object-archived', exitCodes.usage, `${at} is in an archive class and cannot be read.`, {
      ...fields,
      hint,
    });
  }
  if (name === 'KeyTooLongError') {
    const message = `The bucket’s prefix and ${requestContext.key} are together longer than the 1024 bytes that S3 takes.`;
    return new StoreError('bad-key', exitCodes.usage, message, { ...fields, hint: 'Choose a shorter prefix or name.' });
  }
  if (isRefusal(failure) && requestContext.key !== undefined)
    return new PreconditionError(url, requestContext.key, fields);
  // A wrong clock is answered with 403 as well.
  const denial = garbled.has(name) ? undefined : denialOf(failure, context, requestContext);
  if (denial) return denial;
  if (status === 404 && requestContext.key !== undefined) return new NotFoundError(url, requestContext.key, fields);
  if (status === 501 || status === 405)
    return new UnsupportedError(`${requestContext.action} as it was sent (${name})`, fields);
  return unavailable(failure, context, requestContext, at);
}

function wrongRegion(failure: FailedAnswer, { place, region, endpoint }: S3Context): StoreError {
  const right = failure.region;
  const where = right ? `in ${right}` : endpoint ? 'in a region that this server does not name' : 'in another region';
  const hint = right
    ? `Write "region: ${right}" beside the store’s url in models.yaml, or set AWS_REGION=${right}.`
    : `Find it with: aws s3api get-bucket-location --bucket ${place.bucket}`;
  const message = `The bucket ${place.bucket} is ${where}, but the request went to ${region}.`;
  return new StoreError('wrong-region', exitCodes.usage, message, { store: place.url, hint, cause: causeOf(failure) });
}

function unavailable(
  failure: FailedAnswer,
  context: S3Context,
  requestContext: RequestContext,
  at: string,
): UnavailableError {
  const { name, message, status, system } = failure;
  const fields = { store: context.place.url, key: requestContext.key, cause: causeOf(failure) };
  const host = context.endpoint ?? 'S3';
  if (name === 'TimeoutError') {
    const { stallMs, connectMs } = context.limits;
    const what = /connection/.test(message)
      ? `no connection to ${host} within ${connectMs / 1000} s`
      : `no byte came from ${host} for ${stallMs / 1000} s while waiting for its answer to ${requestContext.action}`;
    return new UnavailableError(`${at}: ${what}.`, fields);
  }
  if (name === 'RequestTimeTooSkewed') {
    const summary = `${at}: ${host} refused ${requestContext.action}, because its clock and that of this machine differ too much.`;
    return new UnavailableError(summary, { ...fields, hint: 'Set the clock of this machine.' });
  }
  if (garbled.has(name)) {
    const hint = 'Run it again; if it stays, look for a proxy that changes requests.';
    const summary = `${at}: ${host} did not take the bytes of ${requestContext.action} (${name}).`;
    return new UnavailableError(summary, { ...fields, hint });
  }
  if (status === 0) {
    const hint = isUnreached(system) ? connectionHint('the endpoint') : undefined;
    return new UnavailableError(
      `${at}: the connection to ${host} failed in ${requestContext.action} (${system ?? name}: ${message}).`,
      { ...fields, hint },
    );
  }
  return new UnavailableError(
    `${at}: ${host} answered ${requestContext.action} with ${status} ${name}: ${message}`,
    fields,
  );
}

/** A completion may be answered with 200 first, and with the refusal in its body. */
const isRefusal = ({ status, name }: FailedAnswer): boolean => status === 412 || name === 'PreconditionFailed';

/** Whether the server cannot have acted on the request. */
function isUntouched({ name, status, system, message }: FailedAnswer): boolean {
  if (status === 0) return isUnreached(system) || (name === 'TimeoutError' && /did not establish/.test(message));
  return status === 409 || garbled.has(name);
}

/** What a failed conditional write means, for `commitWrite`. */
export function judgeWrite(
  context: S3Context,
  requestContext: RequestContext & { key: string },
  when: Precondition,
): (thrown: unknown) => Failure {
  return (thrown) => {
    if (thrown instanceof StoreError) return { kind: 'final', error: thrown };
    const failure = readFailure(thrown);
    const options = { cause: causeOf(failure) };
    if (when === 'absent') {
      if (isRefusal(failure))
        return { kind: 'refused', error: new AlreadyExistsError(context.place.url, requestContext.key, options) };
    } else if (
      isRefusal(failure) ||
      (failure.status === 404 && failure.name !== 'NoSuchBucket' && failure.name !== 'NoSuchUpload')
    ) {
      // S3 responds with 404 where there is nothing to update (docs/facts.md P3).
      return { kind: 'refused', error: new PreconditionError(context.place.url, requestContext.key, options) };
    }
    const error = explainFailure(failure, context, requestContext);
    if (error instanceof UnavailableError) return { kind: isUntouched(failure) ? 'untouched' : 'unknown', error };
    return { kind: 'final', error };
  };
}
