export interface RequestErrorFields {
  /** Seconds after which it makes sense to ask again; sent as Retry-After. */
  retryAfter?: number;
  /** Methods that the path does answer, for 405. */
  allow?: string;
  /** Safe facts for the log line alone, never for the answer. */
  detail?: Record<string, unknown>;
}

/**
 * A request that cannot be answered. The message goes to the caller verbatim, so it never carries a path, a stack or
 * the runtime's message.
 */
export class RequestError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: RequestErrorFields;

  constructor(status: number, code: string, message: string, fields: RequestErrorFields = {}) {
    super(message);
    this.name = 'RequestError';
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/** Refuses a body above the limit. */
export const tooLarge = (limit: number): RequestError =>
  new RequestError(413, 'payload-too-large', `The body is larger than ${limit} bytes, the most that is taken here.`);
