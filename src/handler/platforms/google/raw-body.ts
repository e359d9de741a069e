import { subscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

const kept = new WeakMap<IncomingMessage, IncomingHttpHeaders>();

/**
 * The framework parses bodies before the function runs: work done twice, a body that it cannot parse gets the
 * framework's own response and is written to the log whole, and a compressed one is unpacked up to a gigabyte. It only
 * reads bodies of type bytes, so every body has that type until the function asks. The channel is Node's own and
 * reports a request before its server handles it:
 * https://nodejs.org/api/diagnostics_channel.html#event-httpserverrequeststart
 */
export function keepBodiesRaw(): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage };
    const { 'content-type': type, 'content-encoding': encoding } = request.headers;
    kept.set(request, { 'content-type': type, 'content-encoding': encoding });
    request.headers['content-type'] = 'application/octet-stream';
    delete request.headers['content-encoding'];
  });
}

/** A header as the caller sent it. */
export function sentHeader(request: IncomingMessage, name: string): string | null {
  const own = kept.get(request);
  const value = own && name in own ? own[name] : request.headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? null);
}
