import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AppResponse } from './app-request.ts';

/**
 * Most of a refused body that is taken in and thrown away. Many clients write all of it before they read an answer, and
 * lose the answer where the connection is closed under their writing. Bytes, and ms in all and without a byte.
 */
const drained = { bytes: 256 * 1024 * 1024, ms: 10_000, silentMs: 1000 };

/** Writes an answer over Node's HTTP; at once, also where the body it answers is still coming. */
export function sendNodeAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: AppResponse,
): void {
  const unread = !request.complete;
  // Text stays text: Node then sends it in one piece with the headers.
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  const hasBody = status !== 204;
  if (hasBody) headers['content-length'] = String(length);
  if (unread) headers['connection'] = 'close';
  response.writeHead(status, headers);
  const content = hasBody && request.method !== 'HEAD' ? body : '';
  if (!unread) {
    response.end(content);
    return;
  }
  if (content.length > 0) response.write(content);
  else response.flushHeaders();
  // The answer is whole by its length; ending it is what closes the connection.
  drain(request, () => response.end());
}

/** Takes in and throws away what still comes, up to a bound. */
function drain(request: IncomingMessage, done: () => void): void {
  let taken = 0;
  const finish = (): void => {
    clearTimeout(most);
    clearTimeout(silence);
    done();
  };
  const most = setTimeout(finish, drained.ms).unref();
  const silence = setTimeout(finish, drained.silentMs).unref();
  request.on('error', () => {});
  request.on('data', (chunk: Buffer) => {
    silence.refresh();
    taken += chunk.byteLength;
    if (taken > drained.bytes) finish();
  });
  request.once('end', finish).once('close', finish).resume();
  if (request.destroyed) finish();
}
