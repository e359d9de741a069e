import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AppResponse } from './app-request.ts';

/** How long an unread body is taken in after an early answer, so that the answer is not lost with the connection, ms. */
const lingerMs = 1000;

/** Writes an answer over Node's HTTP. */
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
  response.end(hasBody && request.method !== 'HEAD' ? body : undefined);
  if (unread) linger(request);
}

/** Takes in and throws away what still comes, for a moment: closing at once would reset the connection under the answer. */
function linger(request: IncomingMessage): void {
  const timer = setTimeout(() => request.socket.destroy(), lingerMs);
  timer.unref();
  request.on('error', () => {});
  request.on('close', () => clearTimeout(timer));
  request.resume();
}
