/** What the service answers instead of a result. */
export class ServiceError extends Error {
  readonly status: number;

  constructor(code: string, status: number, message: string) {
    super(message);
    this.name = code;
    this.status = status;
  }
}

export const notFound = (what: string): ServiceError =>
  new ServiceError('ResourceNotFoundException', 404, `${what} not found`);
export const conflict = (message: string): ServiceError => new ServiceError('ResourceConflictException', 409, message);
export const invalid = (message: string): ServiceError =>
  new ServiceError('InvalidParameterValueException', 400, message);
export const stale = (): ServiceError =>
  new ServiceError(
    'PreconditionFailedException',
    412,
    'The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to retrieve the latest RevisionId',
  );
export const throttled = (): ServiceError => new ServiceError('TooManyRequestsException', 429, 'Rate exceeded');
export const denied = (action: string, resource: string): ServiceError =>
  new ServiceError(
    'AccessDeniedException',
    403,
    `User: arn:aws:sts::123456789012:assumed-role/pipeline/run is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
  );
