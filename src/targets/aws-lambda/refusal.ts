import { ColdgateError, ConflictError, exitCodes } from '../../errors.ts';
import { MovedError } from '../../rollout/platform.ts';

interface ServiceFault {
  name: string;
  message: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
  $response?: { headers?: Record<string, string> };
}

const faultOf = (error: unknown): ServiceFault => error as ServiceFault;
const statusOf = (error: unknown): number => faultOf(error).$metadata?.httpStatusCode ?? 0;

const throttles = ['TooManyRequestsException', 'ThrottlingException', 'Throttling', 'EC2ThrottledException'];
const lostConnections = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'];

/** Too many requests: the answer asks for patience, nothing was done. */
export const isThrottled = (error: unknown): boolean =>
  throttles.includes(faultOf(error).name) || statusOf(error) === 429;

/** Another change of the function is being done (docs/facts.md P13). */
export const isBusy = (error: unknown): boolean =>
  // Application Auto Scaling's word for it.
  faultOf(error).name === 'ConcurrentUpdateException' ||
  // WAF's, of a stage that was just made, and API Gateway's, of two calls about one API.
  faultOf(error).name === 'WAFUnavailableEntityException' ||
  /concurrent modification/i.test(faultOf(error).message) ||
  // An event source mapping's, while it is being made, changed or removed.
  faultOf(error).name === 'ResourceInUseException' ||
  (faultOf(error).name === 'ResourceConflictException' &&
    /in progress|following state|cannot be performed at this time/i.test(faultOf(error).message));

/** The service or the way to it failed, or it does not know a new role yet; whether it was done is unknown. */
export function isTransient(error: unknown): 'service' | 'network' | 'role' | undefined {
  const { name, message, code } = faultOf(error);
  if (
    name === 'InvalidParameterValueException' &&
    /role.*(?:cannot be assumed|does not have permissions to call)/i.test(message)
  )
    return 'role';
  if (lostConnections.includes(code ?? '') || name === 'TimeoutError') return 'network';
  return statusOf(error) >= 500 ? 'service' : undefined;
}

/** Header `Retry-After` of the answer in ms; 0 without one. */
export function retryAfterMs(error: unknown): number {
  const seconds = Number(faultOf(error).$response?.headers?.['retry-after'] ?? 0);
  return seconds > 0 && seconds < 60 ? seconds * 1000 : 0;
}

/** Someone else changed what a call was about: the rollout looks again, and reports the refusal when that never helps. */
export const movedError = (cause: Error): MovedError => new MovedError(cause, () => toRefusal(cause));

/**
 * Whether the refusal shows a concurrent change: a stale revision id, a name that exists meanwhile, a resource that is
 * gone.
 */
export function movedBy(error: unknown): boolean {
  const { name, message } = faultOf(error);
  // Another run has removed our layer between its look and ours.
  if (/layer version \S*:layer:coldgate-runtime-\S+ does not exist/i.test(message)) return true;
  if (name === 'PreconditionFailedException' || name === 'ResourceNotFoundException') return true;
  if (name === 'ProvisionedConcurrencyConfigNotFoundException') return true;
  // API Gateway's words for the same, and Application Auto Scaling's.
  if (['NotFoundException', 'ConflictException', 'ObjectNotFoundException'].includes(name)) return true;
  return name === 'ResourceConflictException' && !isBusy(error);
}

const missing = [
  'ResourceNotFoundException',
  'NotFoundException',
  'ObjectNotFoundException',
  'ProvisionedConcurrencyConfigNotFoundException',
];

/** Whether the thing asked for does not exist. */
export const isMissing = (error: unknown): boolean => {
  const cause = error instanceof MovedError ? error.cause : error;
  return missing.includes(faultOf(cause).name);
};

const quotas = /^(?:CodeStorageExceeded|ServiceQuotaExceeded|PolicyLengthExceeded|AliasLimitExceeded|LimitExceeded)/;
const badCredentials = [
  'CredentialsProviderError',
  'ExpiredTokenException',
  'ExpiredToken',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'InvalidClientTokenId',
  'MissingAuthenticationTokenException',
];

/** An action and the ARN of what it is done to. */
export interface RequestContext {
  action: string;
  resource: string;
}

/** The service's no in our words: what was refused, on what, and what to do. */
export function toRefusal(error: unknown, requestContext?: RequestContext): ColdgateError {
  if (error instanceof ColdgateError) return error;
  const { name, message = '' } = faultOf(error);
  if (badCredentials.includes(name)) {
    return new ColdgateError(
      'no-credentials',
      exitCodes.denied,
      `AWS rejects the credentials of this run: ${message}`,
      {
        cause: error,
        hint: 'Log in first: aws-actions/configure-aws-credentials with id-token: write in a workflow, aws sso login here.',
      },
    );
  }
  if (/AccessDenied/.test(name) || statusOf(error) === 403) return deniedError(message, error, requestContext);
  if (quotas.test(name)) {
    return new ColdgateError('quota-exceeded', exitCodes.denied, `AWS has no room left: ${message}`, {
      cause: error,
      hint: 'Remove old functions and versions, or ask AWS for a higher quota (Service Quotas).',
    });
  }
  return otherRefusal(error);
}

function otherRefusal(error: unknown): ColdgateError {
  const { name, message = '' } = faultOf(error);
  if (isThrottled(error)) {
    return new ColdgateError('throttled', exitCodes.denied, `AWS throttles the calls of this run: ${message}`, {
      cause: error,
      hint: 'Run it again later, and fewer pipelines of one account at a time.',
    });
  }
  if (isBusy(error)) {
    return new ConflictError('function-busy', `Another change of the function has not ended: ${message}`, {
      cause: error,
      hint: 'Find out who else changes it (CloudTrail), then run this again.',
    });
  }
  if (isTransient(error) === 'network') {
    return new ColdgateError('aws-unreachable', exitCodes.unexpected, `AWS cannot be reached: ${message}`, {
      cause: error,
      hint: 'Check target.region and the network of this machine.',
    });
  }
  if (/unzipped size must be smaller|combined with layers exceeds/i.test(message)) return tooLarge(message, error);
  return new ColdgateError('aws-refused', exitCodes.usage, `AWS answered ${name}: ${message}`, {
    cause: error,
    hint: 'Check the settings under target: against the message.',
  });
}

/** 262,144,000 bytes for package and layers together; the API reports only the zipped size of a layer. */
function tooLarge(message: string, cause: unknown): ColdgateError {
  return new ColdgateError('package-too-large', exitCodes.usage, `Package and layers are too large: ${message}`, {
    cause,
    hint: 'Unpacked, both together may have 250 MB: take layers out of target.layers, or use package: image.',
  });
}

/** `User: … is not authorized to perform: lambda:UpdateAlias on resource: arn:… because …` */
const denial = /not authorized to perform: (?<action>[\w:]+)(?: on resource: (?<resource>\S+))?/;

function deniedError(message: string, cause: unknown, requestContext?: RequestContext): ColdgateError {
  const deniedParts = denial.exec(message)?.groups;
  const action = deniedParts?.['action'] ?? requestContext?.action ?? 'a call';
  // S3 puts quotes around it.
  const named = deniedParts?.['resource']?.replaceAll('"', '');
  const resource = named ?? requestContext?.resource ?? 'a resource that it does not name';
  return new ColdgateError('permission-denied', exitCodes.denied, `AWS does not allow ${action} on ${resource}.`, {
    cause,
    hint: `Allow ${action} on ${resource} in the policy of the role that this step runs as.`,
    data: { action, resource },
  });
}
