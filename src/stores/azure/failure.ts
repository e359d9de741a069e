import { redact } from '../redact.ts';

/** A request that failed, in plain values: the SDK's errors hold signed requests and tokens. */
export class RequestFailure extends Error {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** The service's word for it (`BlobAlreadyExists`), or Node's code (`ECONNRESET`), or the name of what was thrown. */
  readonly code: string;
  /** The service's id of the request, by which Microsoft finds it. */
  readonly requestId: string | undefined;

  constructor(status: number, code: string, message: string, requestId?: string) {
    super(redact(message));
    this.name = 'RequestFailure';
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

const textIn = (holder: unknown, field: string): string | undefined => {
  const value: unknown = typeof holder === 'object' && holder !== null ? Reflect.get(holder, field) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** What the SDK threw, without what must not be kept. */
export function failureOf(thrown: unknown): RequestFailure {
  if (thrown instanceof RequestFailure) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const status: unknown = Reflect.get(error, 'statusCode');
  const headers: unknown = Reflect.get(Object(Reflect.get(error, 'response')), 'headers');
  const header = (name: string): string | undefined => {
    const value: unknown = headers instanceof Object && 'get' in headers ? (headers as Headers).get(name) : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  // Responses to HEAD have no body: there the code is only in a header.
  const code = header('x-ms-error-code') ?? textIn(error, 'code') ?? error.name;
  // The service repeats its ids and the time below the first line, and the SDK the whole answer.
  const reason = error.message.split('\n')[0]?.trim() || code;
  return new RequestFailure(typeof status === 'number' ? status : 0, code, reason, header('x-ms-request-id'));
}
