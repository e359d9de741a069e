/** An answer of a Google API that is no success, or none at all; in plain values, without what was sent. */
export class GoogleFailure extends Error {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** Google's word for it (`ABORTED`, `SERVICE_DISABLED`), or Node's code (`ECONNRESET`). */
  readonly reason: string;
  readonly details: readonly Record<string, unknown>[];
  /** The wait that the response asks for, ms; 0 if none. */
  readonly retryAfterMs: number;

  constructor(
    status: number,
    reason: string,
    message: string,
    more: { details?: readonly Record<string, unknown>[]; retryAfterMs?: number } = {},
  ) {
    super(message);
    this.name = 'GoogleFailure';
    this.status = status;
    this.reason = reason;
    this.details = more.details ?? [];
    this.retryAfterMs = more.retryAfterMs ?? 0;
  }
}

/** Codes of google.rpc.Code with the HTTP status that goes with each. */
const statuses: Readonly<Record<number, [string, number]>> = {
  3: ['INVALID_ARGUMENT', 400],
  5: ['NOT_FOUND', 404],
  6: ['ALREADY_EXISTS', 409],
  7: ['PERMISSION_DENIED', 403],
  8: ['RESOURCE_EXHAUSTED', 429],
  9: ['FAILED_PRECONDITION', 400],
  10: ['ABORTED', 409],
  13: ['INTERNAL', 500],
  14: ['UNAVAILABLE', 503],
  16: ['UNAUTHENTICATED', 401],
};

export interface RpcStatus {
  code?: number | undefined;
  message?: string | undefined;
  details?: Record<string, unknown>[] | undefined;
}

/** The failure in the error of a finished operation. */
export function failureOfStatus({ code = 0, message = 'no words', details = [] }: RpcStatus): GoogleFailure {
  const [reason, status] = statuses[code] ?? [`code ${code}`, 500];
  return new GoogleFailure(status, reason, message, { details });
}

/** The failure that a response describes. */
export function failureOfAnswer(status: number, headers: Headers, text: string): GoogleFailure {
  const seconds = Number(headers.get('retry-after') ?? 0);
  const retryAfterMs = seconds > 0 && seconds < 60 ? seconds * 1000 : 0;
  const described = readError(text);
  if (!described) {
    const words = /^\s*</.test(text) ? '' : (text.trim().split('\n')[0]?.slice(0, 300) ?? '');
    return new GoogleFailure(status, `HTTP ${status}`, words || 'no words', { retryAfterMs });
  }
  const details = described.details ?? [];
  const info = details.find((one) => String(one['@type']).endsWith('google.rpc.ErrorInfo'));
  const reason = typeof info?.['reason'] === 'string' ? info['reason'] : (described.status ?? `HTTP ${status}`);
  return new GoogleFailure(status, reason, described.message ?? 'no words', { details, retryAfterMs });
}

function readError(text: string): (RpcStatus & { status?: string }) | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: RpcStatus & { status?: string } };
    return typeof error === 'object' && error !== null ? error : undefined;
  } catch {
    return undefined;
  }
}

/** Why no answer came. */
export function failureOfConnection(thrown: unknown): GoogleFailure {
  if (thrown instanceof GoogleFailure) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  // fetch's message says only that it failed; the reason is in the cause.
  const cause = error.cause instanceof Error ? error.cause : error;
  const code: unknown = Reflect.get(cause, 'code');
  return new GoogleFailure(0, typeof code === 'string' ? code : cause.name, cause.message || error.message);
}
