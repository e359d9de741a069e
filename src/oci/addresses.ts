import { isIP } from 'node:net';
import { isLoopback } from './image-name.ts';

/** Addresses that no registry on the Internet has any business to send its clients to. */
const inside =
  /^(?:0\.|10\.|127\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.|\[?(?:::1|f[cd]|fe80))|^(?:localhost|metadata)$/i;

/**
 * The address that a registry sends its client to, relative or whole. Throws RangeError where it leads to plain HTTP or
 * into a private network, which only a registry on this machine may: an image's host could reach what only we can.
 */
export function addressFrom(location: string, requested: URL): URL {
  const url = new URL(location, requested);
  if (isLoopback(requested.host)) return url;
  const host = url.hostname;
  const isInside = inside.test(host) && (isIP(host.replace(/^\[|\]$/g, '')) > 0 || /^[a-z]+$/i.test(host));
  if (url.protocol === 'https:' && !isInside) return url;
  throw new RangeError(
    `${requested.host} sends its clients to ${url.origin}, where credentials and images do not belong`,
  );
}
