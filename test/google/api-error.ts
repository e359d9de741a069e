import { Refusal } from '../fakes/clouds/calls.ts';

/** What a Google API answers instead of a result: https://cloud.google.com/apis/design/errors */
export class ApiError extends Refusal {
  readonly code: number;
  readonly status: string;
  readonly details: object[];

  constructor(code: number, status: string, message: string, details: object[] = []) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.details = details;
  }

  get body(): object {
    const { code, message, status, details } = this;
    return { error: { code, message, status, ...(details.length > 0 && { details }) } };
  }
}

/** A field that breaks a rule, worded as the API does. */
export interface FieldViolation {
  field: string;
  description: string;
}

export const badRequest = (violations: readonly FieldViolation[]): ApiError => {
  const [first] = violations;
  const message = violations.map(({ field, description }) => `${field}: ${description}`).join('; ');
  return new ApiError(400, 'INVALID_ARGUMENT', `Violation in ${first?.field ?? 'request'}: ${message}`, [
    { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: violations },
  ]);
};
export const notFound = (name: string): ApiError =>
  new ApiError(404, 'NOT_FOUND', `Resource '${name.split('/').at(-1)}' of kind '${kindOf(name)}' does not exist.`);
export const alreadyExists = (name: string): ApiError =>
  new ApiError(409, 'ALREADY_EXISTS', `Resource '${name.split('/').at(-1)}' already exists.`);
export const otherRevision = (revision: string): ApiError =>
  new ApiError(409, 'ALREADY_EXISTS', `Revision named '${revision}' with different configuration already exists.`);
export const aborted = (resource: string, requested: string, current: string): ApiError =>
  new ApiError(
    409,
    'ABORTED',
    `Conflict for resource '${resource}': version '${requested}' was specified but current version is '${current}'.`,
  );
export const busy = (service: string): ApiError =>
  new ApiError(409, 'ABORTED', `Conflict for resource '${service}': another change of it is being done.`);
export const precondition = (message: string): ApiError => new ApiError(400, 'FAILED_PRECONDITION', message);
export const unauthenticated = (): ApiError =>
  new ApiError(
    401,
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
  );
export const denied = (permission: string, resource: string): ApiError =>
  new ApiError(
    403,
    'PERMISSION_DENIED',
    permission === 'iam.serviceaccounts.actAs'
      ? `Permission '${permission}' denied on service account ${resource.split('/').at(-1)} (or it may not exist).`
      : `Permission '${permission}' denied on resource '${resource}' (or resource may not exist).`,
  );
export const disabled = (service: string, project: string): ApiError =>
  new ApiError(
    403,
    'PERMISSION_DENIED',
    `${service} has not been used in project ${project} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/${service}/overview?project=${project} then retry.`,
    [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'SERVICE_DISABLED',
        domain: 'googleapis.com',
        metadata: { service, consumer: `projects/${project}` },
      },
    ],
  );
export const exhausted = (metric: string, limit: string): ApiError =>
  new ApiError(429, 'RESOURCE_EXHAUSTED', `Quota exceeded for quota metric '${metric}' and limit '${limit}'`);
export const unavailable = (): ApiError => new ApiError(503, 'UNAVAILABLE', 'The service is currently unavailable.');

const kindOf = (name: string): string => (name.split('/').at(-2) ?? 'resource').replace(/s$/, '').toUpperCase();
export const invalidName = (name: string): ApiError =>
  badRequest([{ field: 'service.name', description: `'${name}' is not the name of the service that is asked for` }]);
