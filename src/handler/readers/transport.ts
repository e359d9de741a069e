import { lookup } from 'node:dns';
import { type ClientRequest, Agent as HttpAgent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Answer } from './answer.ts';
import { bareHost } from './hosts.ts';
import { defaultLimits } from './limits.ts';
import { TransportError } from './transport-error.ts';

/*
 * node:https and not fetch: the first request of a process over TLS on loopback took 36 ms with the one and 71 ms with
 * the other, later ones 1.6 and 6.3 ms (medians of 15 processes each, interleaved, Node 24). It also leaves
 * Content-Encoding alone, so that bytes are the stored ones.
 */

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST';
  /** Scheme, host and port. */
  origin: URL;
  /** Path and query exactly as they travel and were signed. */
  path: string;
  headers: Record<string, string>;
  body?: Uint8Array | string | undefined;
  /** Ends the request and its answer. */
  signal?: AbortSignal | undefined;
  /** Max. time without a byte, ms. Default: ten seconds. */
  stallMs?: number | undefined;
  /** Addresses that are refused before anything is sent to them. */
  refuses?: ((address: string) => boolean) | undefined;
}

/** One connection for each range, and one for the pointer meanwhile. */
const options = {
  ...{ keepAlive: true, maxSockets: 16, maxFreeSockets: 5, scheduling: 'lifo' as const },
  // Node's own agents use the environment's proxies if configured to; ours then do too.
  ...(process.env['NODE_USE_ENV_PROXY'] === '1' && { proxyEnv: process.env }),
};
const httpAgent = new HttpAgent(options);
const httpsAgent = new HttpsAgent(options);

/**
 * Sends one request over a kept connection. Redirects and status codes are the caller's. Throws TransportError.
 */
export async function send(request: HttpRequest): Promise<Answer> {
  for (;;) {
    try {
      return await attempt(request);
    } catch (error) {
      // The other side may close a kept connection in the very moment in which it is used again.
      if (!(error instanceof ClosedConnectionError) || request.signal?.aborted) throw error;
    }
  }
}

class ClosedConnectionError extends TransportError {}

function attempt(request: HttpRequest): Promise<Answer> {
  const { origin, path, method, headers, signal, body } = request;
  const limit = request.stallMs ?? defaultLimits.stallMs;
  return new Promise((resolve, reject) => {
    const host = bareHost(origin.hostname);
    const secure = origin.protocol === 'https:';
    if (signal?.aborted) return reject(new TransportError('it was given up', false));
    if (isIP(host) !== 0 && request.refuses?.(host)) return reject(refusedAddress());
    const call: ClientRequest = (secure ? requestHttps : requestHttp)({
      agent: secure ? httpsAgent : httpAgent,
      host,
      port: origin.port || (secure ? 443 : 80),
      path,
      method,
      headers: { host: origin.host, ...headers },
      ...(request.refuses && { lookup: refusing(request.refuses) }),
    });
    // Not by the option `signal`: the connection would keep it, and break under later requests. And without an error:
    // Node may emit it on a connection without a listener, which ends the process.
    const stop = (): unknown => call.destroy();
    signal?.addEventListener('abort', stop);
    call.once('close', () => signal?.removeEventListener('abort', stop));
    let answered = false;
    const giveUp = (): unknown => answered || call.destroy(TransportError.stalled(limit));
    // A turn later: of a process that was stopped itself for so long, what has come meanwhile is heard first.
    const timer = setTimeout(() => setImmediate(giveUp), limit);
    call.once('response', (message) => {
      answered = true;
      clearTimeout(timer);
      resolve(new Answer(message, limit));
    });
    // Stays: errors of the connection come here too while an answer is being read.
    call.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const closed = call.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(closed ? new ClosedConnectionError('the kept connection was closed', true) : TransportError.of(error));
    });
    call.end(body);
  });
}

const refusedAddress = (): TransportError =>
  new TransportError('its address is in a private network, where a redirect from outside must not lead', false);

/** Looks names up as always and refuses those of which any address is not allowed: they are connected to as looked up. */
function refusing(refuses: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      if (addresses.some(({ address }) => refuses(address))) return callback(refusedAddress(), []);
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      callback(null, first?.address ?? '', first?.family);
    });
  };
}
