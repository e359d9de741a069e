import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { TransportError } from './transport-error.ts';

/** Of a refusal only its code is of use, which stands at its beginning. Bytes. */
const maxText = 16 * 1024;

/** The head of a response, and its bytes as they arrive. One that is not read is closed like one that stalls. */
export class Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Who answered. */
  readonly address: string;
  readonly #message: IncomingMessage;
  readonly #stallMs: number;
  #timer: NodeJS.Timeout | undefined;
  #stalled = false;
  #text: Promise<string> | undefined;

  constructor(message: IncomingMessage, stallMs: number) {
    this.status = message.statusCode ?? 0;
    this.headers = message.headers;
    this.address = message.socket.remoteAddress ?? '';
    this.#message = message;
    this.#stallMs = stallMs;
    // A connection may be reset between two reads; the next read gets the error.
    message.on('error', () => {});
    this.#watch();
  }

  /** A header that comes once, where it came. */
  header(name: string): string | undefined {
    const value = this.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** The body as it travels, never decoded. Throws TransportError when it breaks off or stalls. */
  async *body(): AsyncGenerator<Buffer> {
    this.#watch();
    try {
      for await (const chunk of this.#message) {
        this.#unwatch();
        yield chunk as Buffer;
        this.#watch();
      }
    } catch (error) {
      throw this.#stalled ? TransportError.stalled(this.#stallMs) : TransportError.of(error);
    } finally {
      this.#unwatch();
      this.#message.destroy();
    }
  }

  /** The beginning of the body as text; empty where it does not come. */
  text(): Promise<string> {
    this.#text ??= this.#readText();
    return this.#text;
  }

  /** Reads no further. What is left closes the connection, unless it has been read to its end. */
  drop(): void {
    this.#unwatch();
    this.#message.destroy();
  }

  async #readText(): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of this.body()) {
        chunks.push(chunk);
        size += chunk.byteLength;
        if (size > maxText) break;
      }
    } catch {
      return '';
    }
    return Buffer.concat(chunks).toString('utf8', 0, maxText);
  }

  #watch(): void {
    this.#unwatch();
    const timer = setTimeout(() => {
      // A turn later: of a process that was stopped itself for so long, what has come meanwhile is heard first.
      setImmediate(() => {
        if (this.#timer !== timer) return;
        this.#stalled = true;
        this.#message.destroy();
      });
    }, this.#stallMs);
    this.#timer = timer;
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
