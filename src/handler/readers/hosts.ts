import { type BlockList, isIP } from 'node:net';

/** Made, and its class read, when it is first asked for: the system's parser of addresses costs a start some 6 ms. */
function blocks(...subnets: readonly [string, number][]): () => BlockList {
  let list: BlockList | undefined;
  return () => {
    if (list) return list;
    list = new (process.getBuiltinModule('node:net').BlockList)();
    for (const [network, prefix] of subnets) list.addSubnet(network, prefix, network.includes(':') ? 'ipv6' : 'ipv4');
    return list;
  };
}

const loopback = blocks(['127.0.0.0', 8], ['::1', 128]);

/** Where platforms answer their own functions: link-local, and the two addresses that AWS has for it in IPv6. */
const linkLocal = blocks(['169.254.0.0', 16], ['fe80::', 10], ['fd00:ec2::23', 128], ['fd00:ec2::254', 128]);

/** What is no public address, by the registries of RFC 6890 and later. */
const notPublic = blocks(
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
  ['::', 127],
  // Addresses of IPv4 inside IPv6, which name private ones as well.
  ['64:ff9b::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
);

const within = (list: () => BlockList, address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && list().check(address, family === 6 ? 'ipv6' : 'ipv4');
};

/** A URL's host name as an address: IPv6 without its brackets. */
export const bareHost = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

/** The only place that plain HTTP may go to with what is stored. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || within(loopback, bareHost(hostname));

/** Loopback and link-local: what never leaves the machine, so that credentials may come from there in plain HTTP. */
export const isOnMachine = (hostname: string): boolean => isLoopback(hostname) || within(linkLocal, bareHost(hostname));

/** An address of a private network, of this machine or of no one. */
export const isPrivateAddress = (address: string): boolean => within(notPublic, address);
