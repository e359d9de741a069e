/** A response of Azure that is no success, or none at all; in plain values, without what was sent. */
export class AzureFailure extends Error {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** Azure's word for it (`AuthorizationFailed`, `Conflict`), or Node's code (`ECONNRESET`). */
  readonly code: string;
  /** App Service's own number (`51021`), if any. */
  readonly extendedCode: string | undefined;
  /** The wait that the response asks for, ms; 0 if none. */
  readonly retryAfterMs: number;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { extendedCode?: string | undefined; retryAfterMs?: number } = {},
  ) {
    super(message);
    this.name = 'AzureFailure';
    this.status = status;
    this.code = code;
    this.extendedCode = more.extendedCode;
    this.retryAfterMs = more.retryAfterMs ?? 0;
  }
}

/** The failure at the bottom of an error, if it is Azure's. */
export function failureIn(error: unknown): AzureFailure | undefined {
  if (error instanceof AzureFailure) return error;
  return error instanceof Error && error.cause !== undefined ? failureIn(error.cause) : undefined;
}

/** What was asked for is not there. */
export const isMissing = (error: unknown): boolean => failureIn(error)?.status === 404;

/** `Retry-After` in ms; 0 where there is none, or one that no one would wait for. */
export function retryAfterOf(headers: Headers): number {
  const seconds = Number(headers.get('retry-after') ?? 0);
  return seconds > 0 && seconds <= 120 ? seconds * 1000 : 0;
}

interface Described {
  code?: unknown;
  message?: unknown;
  details?: Described[];
  Code?: unknown;
  Message?: unknown;
  ExtendedCode?: unknown;
  Details?: { ErrorEntity?: Described; Message?: string }[];
}

/** The failure that a response describes. */
export function failureOfAnswer(status: number, headers: Headers, text: string): AzureFailure {
  const retryAfterMs = retryAfterOf(headers);
  const described = readError(text);
  if (described) return failureOfError(status, described, retryAfterMs);
  const words = /^\s*</.test(text) ? '' : (text.trim().split('\n')[0]?.slice(0, 300) ?? '');
  // Blob Storage answers in XML, and has its word in a header too.
  const code = headers.get('x-ms-error-code') ?? `HTTP ${status}`;
  return new AzureFailure(status, code, words || 'no words', { retryAfterMs });
}

/** The failure of an error object: ARM's `{code, message}`, or App Service's `{Code, Message, ExtendedCode}`. */
export function failureOfError(status: number, error: object, retryAfterMs = 0): AzureFailure {
  const described = error as Described;
  const entities = (described.Details ?? []).flatMap(({ ErrorEntity }) => (ErrorEntity ? [ErrorEntity] : []));
  const extended = [described, ...entities].map(({ ExtendedCode }) => ExtendedCode).find((code) => code);
  const first = (...values: unknown[]): string | undefined =>
    values.find((one) => typeof one === 'string' && one !== '') as string | undefined;
  const details = (described.details ?? []).map(({ message }) => first(message) ?? '').filter(Boolean);
  const message = first(described.message, described.Message, entities[0]?.Message) ?? 'no words';
  const more = details.filter((one) => !message.includes(one));
  return new AzureFailure(
    status,
    first(described.code, described.Code) ?? `HTTP ${status}`,
    [message, ...more].join(' '),
    {
      extendedCode: extended === undefined ? undefined : String(extended),
      retryAfterMs,
    },
  );
}

function readError(text: string): object | undefined {
  try {
    const parsed = JSON.parse(text) as { error?: unknown; Code?: unknown; Message?: unknown; message?: unknown };
    if (typeof parsed.error === 'object' && parsed.error !== null) return { ...parsed, ...parsed.error };
    const isError = ['Code', 'Message', 'message'].some((name) => typeof Reflect.get(parsed, name) === 'string');
    return isError ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Why no answer came. */
export function failureOfConnection(thrown: unknown): AzureFailure {
  if (thrown instanceof AzureFailure) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  // fetch's message says only that it failed; the reason is in the cause.
  const cause = error.cause instanceof Error ? error.cause : error;
  const code: unknown = Reflect.get(cause, 'code');
  return new AzureFailure(0, typeof code === 'string' ? code : cause.name, cause.message || error.message);
}
