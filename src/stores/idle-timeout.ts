import type { Readable } from 'node:stream';

/** For so long no byte came and none could be sent, ms. */
export class StallError extends Error {
  readonly ms: number;

  constructor(ms: number) {
    super(`no byte came for ${ms / 1000} s`);
    this.name = 'SilenceError';
    this.ms = ms;
  }
}

/**
 * Runs a request and aborts it, by its signal, after this many ms without progress or when `stop` is aborted; the
 * request calls `moved` on every bit of progress. Throws SilenceError if it was aborted for lack of progress.
 */
export async function withIdleTimeout<T>(
  ms: number,
  request: (signal: AbortSignal, moved: () => void) => Promise<T>,
  stop?: AbortSignal,
): Promise<T> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new StallError(ms)), ms);
  const signal = stop ? AbortSignal.any([stop, silence.signal]) : silence.signal;
  try {
    return await request(signal, () => timer.refresh());
  } catch (thrown) {
    throw silence.signal.aborted ? silence.signal.reason : thrown;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The chunks of a stream, which is cut once it has brought nothing for so many ms while its reader waits: a reader may
 * take its time. Throws SilenceError then.
 */
export async function* chunksWithIdleTimeout(stream: Readable, ms: number): AsyncGenerator<Uint8Array> {
  const cut = () => stream.destroy(new StallError(ms));
  let timer = setTimeout(cut, ms);
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      yield chunk;
      timer = setTimeout(cut, ms);
    }
  } finally {
    clearTimeout(timer);
  }
}
