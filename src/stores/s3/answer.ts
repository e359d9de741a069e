import { redact } from '../redact.ts';

/** What is known of a request that failed, in plain values: the SDK's errors hold streams and signed requests. */
export interface FailedAnswer {
  /** S3's error code (`NoSuchKey`), or the name of what the SDK or Node threw. */
  name: string;
  message: string;
  /** HTTP status; 0 where there was no answer. */
  status: number;
  /** Node's code (`ECONNRESET`), where the connection failed. */
  system: string | undefined;
  /** The bucket's region, when S3 responds that it is elsewhere. */
  region: string | undefined;
  /** S3's id of the request, by which AWS finds it. */
  requestId: string | undefined;
}

const textIn = (holder: unknown, field: string): string | undefined => {
  const value: unknown = typeof holder === 'object' && holder !== null ? Reflect.get(holder, field) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
};
const numberIn = (holder: unknown, field: string): number => {
  const value: unknown = typeof holder === 'object' && holder !== null ? Reflect.get(holder, field) : undefined;
  return typeof value === 'number' ? value : 0;
};

export function readFailure(thrown: unknown): FailedAnswer {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const metadata: unknown = Reflect.get(error, '$metadata');
  const response: unknown = Reflect.get(error, '$response');
  const headers: unknown = typeof response === 'object' && response !== null && Reflect.get(response, 'headers');
  return {
    name: textIn(error, 'Code') ?? error.name,
    message: redact(error.message),
    status: numberIn(metadata, 'httpStatusCode') || numberIn(response, 'statusCode'),
    system: textIn(error, 'code'),
    region: textIn(headers, 'x-amz-bucket-region') ?? textIn(error, 'Region'),
    requestId: textIn(metadata, 'requestId'),
  };
}

/**
 * The cause to keep with our own error: its words alone. S3 repeats session tokens and the signed text in fields of some
 * errors, and logs print causes.
 */
export function causeOf({ name, message, status, requestId }: FailedAnswer): Error {
  const id = requestId ? `, request ${requestId}` : '';
  return new Error(status ? `${name}: ${message} (HTTP ${status}${id})` : `${name}: ${message}`);
}
