/** What certificates are refused with, by OpenSSL's and Node's names. */
const certificate = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|EPROTO$|HOSTNAME_MISMATCH$)/;

/** No answer, or one that broke off. Its message names no URL, since a URL may be signed. */
export class TransportError extends Error {
  /** False where the same would happen again: a certificate that is not trusted, an address that is not allowed. */
  readonly passing: boolean;

  constructor(message: string, passing: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'TransportError';
    this.passing = passing;
  }

  static stalled(ms: number): TransportError {
    return new TransportError(`nothing came for ${ms / 1000} s`, true);
  }

  /** Explains what Node throws by its code alone. */
  static of(error: unknown): TransportError {
    if (error instanceof TransportError) return error;
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).name;
    if (!certificate.test(code)) return new TransportError(`the connection failed (${code})`, true, error);
    const message = `its certificate is not trusted (${code}); NODE_EXTRA_CA_CERTS names a file of further authorities`;
    return new TransportError(message, false, error);
  }
}
