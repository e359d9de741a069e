import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

/** Names the request after whose answer the process ends. */
const header = 'x-coldgate-end';

/**
 * Ends the process once it has answered a request that has the key of COLDGATE_END_KEY, which samples alone have: where
 * Cloud Run starts an instance at deployment whatever is asked, the start after that one is the start of a request.
 * The channel is Node's own, and reports an answer that has been handed to the system:
 * https://nodejs.org/api/diagnostics_channel.html#event-httpserverresponsefinish
 */
export function endsAfter(key: string | undefined): void {
  if (!key) return;
  subscribe('http.server.response.finish', (message) => {
    const { request } = message as { request: IncomingMessage };
    if (request.headers[header] === key) process.exit(0);
  });
}
