/**
 * What the application needs of a request; a web `Request` with a `read` fits. Not the web classes themselves: their
 * first use costs Node some 30 ms, which a cold start would pay.
 */
export interface AppRequest {
  method: string;
  /** Path and query, or a whole URL. */
  url: string;
  headers: { get(name: string): string | null };
  /** The body as bytes. Rejects with RequestError 413 above `limit` bytes and 408 when it stops coming. */
  read(limit: number): Promise<Uint8Array>;
  /** The platform's own id of this invocation. */
  requestId?: string | undefined;
  /** Throws RequestError where it may not be answered, whatever it asks for. */
  admit?: (() => void) | undefined;
  /** Throws RequestError where the platform could not carry this answer back. */
  checkAnswer?: ((answer: AppResponse) => void) | undefined;
  /** Part of an invocation that writes a separate log line: logged only if it loads a model or the function fails. */
  quiet?: boolean | undefined;
}

export interface AppResponse {
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: string | Uint8Array;
}
