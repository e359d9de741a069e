import { RequestError } from './request-error.ts';

/** Names and addresses that lead to this very machine, whatever a DNS server says. */
const loopback = /^(?:(?:[a-z0-9-]+\.)*localhost\.?|127(?:\.\d{1,3}){3}|\[?::1\]?)$/;

/**
 * Refuses requests for other hosts where a function listens on loopback: a page in a browser on this machine could reach
 * it under a name of its own that it lets point here (DNS rebinding), and read the answers as its own. Elsewhere only
 * where `listed` names hosts; `*` stands for all. Returns what throws RequestError 421, given a `Host` header.
 */
export function hostCheck(bound: string, listed: readonly string[]): (header: string | undefined) => void {
  const known = new Set([bound, ...listed].map((host) => host.toLowerCase()));
  if (known.has('*') || (listed.length === 0 && !loopback.test(bound))) return () => {};
  return (header) => {
    // HTTP/1.0 has no such header, and no browser speaks it.
    const host = (header ?? 'localhost').toLowerCase().replace(/:\d*$/, '');
    if (loopback.test(host) || known.has(host)) return;
    const how = 'Ask it as localhost, or name this host in COLDGATE_HOSTS of the function.';
    throw new RequestError(
      421,
      'host-not-served',
      `This function does not answer for the host it was asked as. ${how}`,
    );
  };
}
