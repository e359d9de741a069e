import { createHash } from 'node:crypto';
import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Longest name of a live app. That of a candidate has 11 characters more, and a host name has the app's, a hash of Azure's and
 * at most 63 characters.
 */
const maxLive = 29;
const digits = 6;

type Place = Pick<AzureFunctionsSettings, 'subscription' | 'resourceGroup'>;

/** Name of the live app of a function: unique in all of Azure, and never doubled by other characters in a name. */
export function siteName({ subscription, resourceGroup }: Place, name: string): string {
  const hash = digest([subscription, resourceGroup, name].join('\n').toLowerCase()).slice(0, digits);
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, maxLive - digits - 1)
    .replace(/^-+|-+$/g, '');
  return `${slug || 'model'}-${hash}`;
}

/** The second app, of one version. */
export const candidateName = (live: string, version: string): string => `${live}-c-${digest(version).slice(0, 8)}`;

/** An app for samples of one version in one run. */
export const sampleName = (live: string, version: string, run: string): string =>
  `${live}-s-${digest(`${run} ${version}`).slice(0, 8)}`;

/** The slot of a live app on Premium, as a part of paths: what is to be live, or was before. */
export const slotName = (live: string): string => `${live}/slots/cg-next`;

export const isSlot = (site: string): boolean => site.includes('/slots/');

/** The live app that an app or slot belongs to. */
export const ownerOf = (site: string): string => site.replace(/\/slots\/.*$|-[cs]-[0-9a-f]{8}$/, '');

/** Id of a host outside of Flex Consumption, by which it has its keys and locks: at most 32 characters, one for each place. */
export const hostId = (site: string): string => `cg-${digest(site).slice(0, 28)}`;

/** A digest as a version 5 UUID (RFC 9562), by which an assignment of a role is found again. */
export function uuidOf(...parts: string[]): string {
  const hex = digest(parts.join('\n').toLowerCase());
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}
