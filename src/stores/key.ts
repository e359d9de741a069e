import { exitCodes } from '../errors.ts';
import { StoreError } from './store.ts';

/** S3 and GCS stop at 1024 bytes of UTF-8, Azure at 1024 characters; a file name has at most 255 bytes on most systems. */
const longestKey = 1024;
const longestSegment = 255;

/** Names reserved for a driver's own files; no store accepts them as object keys. */
const ownNames = /^\.coldgate-/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing control characters is the point
const unsafe = /[\u0000-\u001f\u007f\\]/;

/** What is wrong with one `/`-separated part of a key, as the end of a sentence; undefined when it is fine. */
export function segmentFault(segment: string): string | undefined {
  if (segment === '') return 'it has an empty part';
  if (segment === '.' || segment === '..') return `a part "${segment}" would name another folder`;
  if (unsafe.test(segment)) return 'it has a backslash or a control character';
  if (!segment.isWellFormed()) return 'it is not well-formed Unicode';
  if (ownNames.test(segment)) return 'names that begin with ".coldgate-" are kept for the store itself';
  if (Buffer.byteLength(segment) > longestSegment) return `a part is longer than ${longestSegment} bytes`;
  return undefined;
}

function refuse(store: string, key: string, why: string): never {
  const shown = JSON.stringify(key.length > 120 ? `${key.slice(0, 120)}…` : key);
  throw new StoreError('bad-key', exitCodes.usage, `${shown} cannot be a key in ${store}: ${why}.`, {
    store,
    key,
    hint: 'Use names joined by "/", such as digits/versions/1.0.0/model.onnx.',
  });
}

/** What is wrong with a key, as the end of a sentence; undefined when it is fine. */
function keyFault(key: string): string | undefined {
  if (key === '') return 'it is empty';
  if (key.startsWith('/')) return 'it begins with "/"';
  if (Buffer.byteLength(key) > longestKey) return `it is longer than ${longestKey} bytes`;
  return key
    .split('/')
    .map(segmentFault)
    .find((fault) => fault !== undefined);
}

/** Whether what a listing shows can be a key; others may have put things there under names that we never give. */
export const isKey = (key: string): boolean => keyFault(key) === undefined;

/** The order of listings: that of the keys' bytes in UTF-8, as clouds have it. Code units sort rare letters otherwise. */
export const compareKeys = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/**
 * Refuses keys that leave the root, hide from listings or mean different things to different stores.
 * Every driver calls it first, so that a key is good in all stores or in none. Throws StoreError `bad-key`.
 */
export function checkKey(store: string, key: string): void {
  const fault = keyFault(key);
  if (fault) refuse(store, key, fault);
}

/** The same for a prefix, whose last part may be empty or the beginning of a name. Throws StoreError `bad-key`. */
export function checkPrefix(store: string, prefix: string): void {
  const folders = prefix.split('/');
  const begun = folders.pop() ?? '';
  if (folders.length > 0) checkKey(store, folders.join('/'));
  if (unsafe.test(begun) || !begun.isWellFormed()) refuse(store, prefix, 'it has a character that no key can have');
}
