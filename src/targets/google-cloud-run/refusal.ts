import { ColdgateError, ConflictError, exitCodes, UnprovenError } from '../../errors.ts';
import { GoogleFailure } from '../../google/failure.ts';
import { MovedError } from '../../rollout/platform.ts';

/** A permission and what it is needed on. */
export interface RequestContext {
  permission: string;
  resource: string;
}

const lostConnections = [
  ...['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'TimeoutError'],
  ...['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'SyntaxError'],
];

/** Why a call is worth sending again; whether it was done is unknown where the service or the network failed. */
export function isTransient({ status, reason, message }: GoogleFailure): 'service' | 'network' | 'account' | undefined {
  if (status === 0) return lostConnections.includes(reason) ? 'network' : undefined;
  if (status === 429 || [500, 502, 503, 504].includes(status)) return 'service';
  // A service account that was made a moment ago is not known everywhere.
  return status === 404 && /service ?account/i.test(message) ? 'account' : undefined;
}

/** The name is taken by a revision that is made of something else. Nothing was changed. */
export const isTakenName = (error: unknown): boolean =>
  error instanceof GoogleFailure &&
  error.status === 409 &&
  /different configuration already exists/i.test(error.message);

/** Someone else has changed the service since it was read, or has made what was to be made. */
const isMoved = ({ status }: GoogleFailure): boolean => status === 409 || status === 404 || status === 412;

export const isMissing = (error: unknown): boolean => {
  const cause = error instanceof MovedError ? error.cause : error;
  return cause instanceof GoogleFailure && cause.status === 404;
};

/** Cloud Run does not take the field that leaves out the start of an instance at deployment. */
export const refusesSkippedCheck = (error: unknown): boolean =>
  error instanceof GoogleFailure && error.status === 400 && /health_?-?\s?check/i.test(textOf(error));

const textOf = (failure: GoogleFailure): string => [failure.message, ...violationsOf(failure)].join('\n');

/** Google's description of each field that it rejects. */
function violationsOf({ details }: GoogleFailure): string[] {
  const lists = details.map(({ fieldViolations }) => fieldViolations).filter((list) => Array.isArray(list));
  return lists.flat().map(({ field, description }) => `${field}: ${description}`);
}

/** What a refused call means: MovedError where looking again helps, else ColdgateError. */
export function toRefusal(error: unknown, requestContext: RequestContext, account: string | undefined): Error {
  if (!(error instanceof GoogleFailure)) return error as Error;
  if (isTakenName(error)) return error;
  const refusal = explain(error, requestContext, account);
  if (!isMoved(error) || isTransient(error)) return refusal;
  return new MovedError(error, () => (error.status === 409 ? lostRace(error) : refusal));
}

/** Someone else has changed what was read. @param what resource, and who where that is known */
export function movedError(what: string): MovedError {
  const failure = new GoogleFailure(409, 'ABORTED', what);
  return new MovedError(failure, () => lostRace(failure));
}

/** What is thrown when looking again never helps. */
const lostRace = (cause: GoogleFailure): ColdgateError =>
  new ConflictError('function-changed', `Someone else keeps changing the service: ${cause.message}`, {
    cause,
    hint: 'Find out who else deploys to it (lastModifier of the service), then run this again.',
  });

function explain(error: GoogleFailure, requestContext: RequestContext, account: string | undefined): ColdgateError {
  const { status, message } = error;
  const options = { cause: error };
  if (status === 401) {
    const text = `Google rejects the credentials of this run: ${message}`;
    const hint = 'Log in again: google-github-actions/auth in a workflow, gcloud auth application-default login here.';
    return new ColdgateError('no-credentials', exitCodes.denied, text, { ...options, hint });
  }
  if (status === 403) return denied(error, requestContext, account);
  if (status === 429) {
    return new ColdgateError('quota-exceeded', exitCodes.denied, `Google has no room left: ${message}`, {
      ...options,
      hint: 'Wait a minute and run this again, or ask for a higher quota (IAM & Admin > Quotas, Cloud Run Admin API).',
    });
  }
  if (status === 400) {
    const [api = ''] = requestContext.permission.split('.');
    const service = { eventarc: 'Eventarc', pubsub: 'Pub/Sub' }[api] ?? 'Cloud Run';
    const text = [`${service} rejects ${requestContext.resource}: ${message}`, ...violationsOf(error)].join('\n');
    return new ColdgateError('request-refused', exitCodes.usage, text, {
      ...options,
      hint: 'Correct the setting in models.yaml that it names.',
    });
  }
  if (status === 404 && /service ?account/i.test(message)) {
    return new ColdgateError('no-service-account', exitCodes.usage, `There is no such service account: ${message}`, {
      ...options,
      hint: 'Make it, or correct service-account in models.yaml.',
    });
  }
  const what = status === 0 ? 'Google cannot be reached' : `Google answered ${status} ${error.reason}`;
  return new ColdgateError('google-failed', exitCodes.unexpected, `${what} (${requestContext.resource}): ${message}`, {
    ...options,
    hint: 'Run this again: it continues where it stopped. If it persists, see https://status.cloud.google.com.',
  });
}

function denied(error: GoogleFailure, requestContext: RequestContext, account: string | undefined): ColdgateError {
  const { reason, message } = error;
  if (reason === 'SERVICE_DISABLED' || /has not been used in project|it is disabled/i.test(message)) {
    const service = /([a-z]+\.googleapis\.com)/.exec(message)?.[1] ?? 'run.googleapis.com';
    return new ColdgateError(
      'api-disabled',
      exitCodes.denied,
      `The API ${service} is off in this project: ${message}`,
      {
        cause: error,
        hint: `gcloud services enable ${service}, and wait some minutes.`,
        data: { service },
      },
    );
  }
  const permission = /permission '?([a-z]+\.[A-Za-z.]+)'?/i.exec(message)?.[1] ?? requestContext.permission;
  const resource =
    /denied on (?:the )?(?:resource|service account):? '?([^'\s]+)'?/i.exec(message)?.[1] ?? requestContext.resource;
  const who = account ?? 'the identity of these credentials';
  const text = `Google does not allow ${permission} on ${resource} to ${who}: ${message}`;
  return new ColdgateError('permission-denied', exitCodes.denied, text, {
    cause: error,
    hint: `Grant a role with ${permission} to ${who}; coldgate iam prints which. A new grant takes some minutes to count.`,
    data: { action: permission, resource, account: account ?? null },
  });
}

/** A revision that Cloud Run could not start, or another reason why an operation has failed. */
export function operationError(
  error: GoogleFailure,
  what: string,
  requestContext: RequestContext,
  account: string | undefined,
): Error {
  if ([401, 403, 429].includes(error.status)) return explain(error, requestContext, account);
  return new UnprovenError('function-failed', `Cloud Run could not get ${what} ready: ${error.message}`, {
    cause: error,
    hint: 'Check memory, service account and package against that reason and the log, then run this again.',
    data: { reason: error.message },
  });
}
