import type { IncomingMessage } from 'node:http';
import { RequestError, tooLarge } from './request-error.ts';

export interface BodyWay {
  timeoutMs: number;
  /** Called once before a body that is taken is waited for. */
  ask?: (() => void) | undefined;
}

/**
 * Reads a body as it arrives. The length header is only used to refuse early, and never trusted. Rejects with
 * RequestError 413 above `limit` bytes, 408 when it takes longer than `timeoutMs`, 400 when it breaks off.
 */
export async function readNodeBody(
  request: IncomingMessage,
  limit: number,
  { timeoutMs, ask }: BodyWay,
): Promise<Uint8Array> {
  if (Number(request.headers['content-length']) > limit) throw tooLarge(limit);
  ask?.();
  // Requests are announced while their first bytes are parsed. Node runs no promise before it has parsed the rest of those
  // too, and with that most bodies are there: no need then to listen, nor for a timer.
  await undefined;
  if (!request.complete) return gather(request, limit, timeoutMs);
  const body: Buffer = request.read() ?? Buffer.alloc(0);
  if (body.byteLength > limit) throw tooLarge(limit);
  return body;
}

function gather(request: IncomingMessage, limit: number, timeoutMs: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const body = new Gathered(Number(request.headers['content-length']));
    const timer = setTimeout(() => {
      settle(() => reject(new RequestError(408, 'slow-body', `The body did not arrive within ${timeoutMs} ms.`)));
    }, timeoutMs);
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onBreak).off('error', onBreak);
      // Whatever else happens to the connection is no longer ours to answer, but must not be thrown.
      request.on('error', () => {});
      how();
    };
    const onData = (chunk: Buffer): void => {
      body.add(chunk);
      if (body.size > limit) settle(() => reject(tooLarge(limit)));
    };
    const onEnd = (): void => settle(() => resolve(body.whole()));
    const onBreak = (): void => settle(() => reject(new RequestError(400, 'broken-body', 'The body broke off.')));
    if (request.destroyed) return onBreak();
    request.on('data', onData).on('end', onEnd).on('close', onBreak).on('error', onBreak);
  });
}

/** From here on a body gets its place at once, bytes: it would be in memory twice while its parts are put together. */
const large = 1024 * 1024;

/** A body while it comes. */
class Gathered {
  size = 0;
  readonly #chunks: Buffer[] = [];
  /** Pages not yet written to take no memory, whatever length the caller declares. */
  readonly #place: Buffer | undefined;

  constructor(stated: number) {
    this.#place = stated >= large ? Buffer.allocUnsafeSlow(stated) : undefined;
  }

  add(chunk: Buffer): void {
    if (this.#place) chunk.copy(this.#place, this.size);
    else this.#chunks.push(chunk);
    this.size += chunk.byteLength;
  }

  whole(): Buffer {
    if (this.#place) return this.#place.subarray(0, this.size);
    return this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
  }
}
