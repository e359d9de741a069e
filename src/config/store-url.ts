import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cloudStores, clouds, storeOfScheme } from '../clouds.ts';

export interface UrlFault {
  message: string;
  /** The first character that must not be there, in words: part of the value, which may be a secret. */
  character?: string | undefined;
  hint?: string;
}

const schemes = cloudStores
  .map((store) => `${clouds[store].scheme}:`)
  .join(', ')
  .replace(/, (?=[^,]*$)/, ' or ');
/** Prefixes use a closed alphabet. */
const prefixPart = /^[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,126}$/;

/**
 * The store's URL with a `file:` path made absolute against the folder of models.yaml, and no slash at the end.
 * `file:folder`, `file:/folder` and `file:///folder` are all taken; other schemes need their bucket.
 */
export function resolveStoreUrl(url: string, root: string): { url: string } | { fault: UrlFault } {
  const scheme = /^([a-z0-9]+):/.exec(url)?.[1] ?? '';
  if (scheme === 'file') return resolveFileUrl(url, root);
  const store = storeOfScheme(scheme);
  if (!store) return { fault: { message: `expected a URL of file:, ${schemes}, got another.` } };
  const { bucket, bucketParts, form } = clouds[store];
  const parts = url.replace(/\/$/, '').split('/');
  const named = 2 + bucketParts;
  if (parts[1] !== '' || !bucket.test(parts.slice(2, named).join('/'))) {
    const hint = `Write it as ${form}; buckets and containers are named by lower-case letters, digits and hyphens.`;
    const character = strange(parts.slice(2, named).join('/'), /[a-z0-9./_-]/);
    return { fault: { message: `expected ${form}, got no valid bucket or container name.`, character, hint } };
  }
  if (!parts.slice(named).every((part) => prefixPart.test(part) && !part.includes('..'))) {
    const character = strange(parts.slice(named).join('/'), /[A-Za-z0-9./_=-]/);
    const message = `expected a prefix of letters, digits, ".", "_", "=" and "-" between slashes (${form}), got another.`;
    const hint = character ? 'Write "-" in its place.' : 'No part may be empty, begin with a dot or hold two dots.';
    return { fault: { message, character, hint } };
  }
  return { url: parts.join('/') };
}

/** Names the first character that is not of the alphabet. */
function strange(text: string, alphabet: RegExp): string | undefined {
  const found = [...text].find((one) => !alphabet.test(one));
  if (found === undefined) return undefined;
  const code = (found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  if (found === ' ') return 'a space';
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(found) ? `"${found}"` : `the character U+${code}`;
}

function resolveFileUrl(url: string, root: string): { url: string } | { fault: UrlFault } {
  const rest = url.slice('file:'.length);
  if (/^\/\/(?!\/)/.test(rest)) {
    const message = 'expected file:folder or file:///folder, got a URL that names a host.';
    return { fault: { message, hint: 'Write file: and a path, or three slashes.' } };
  }
  if (rest.startsWith('~')) {
    return { fault: { message: 'expected a path, got one that begins with ~.', hint: 'Write file:${HOME}/…' } };
  }
  let path: string;
  try {
    path = decodeURIComponent(rest.replace(/^\/\/\//, '/'));
  } catch {
    return { fault: { message: 'expected % only before two hexadecimal digits.', hint: 'Write %25 for %.' } };
  }
  const character = strange(path, /\P{Cc}/u);
  if (character !== undefined || !path.isWellFormed()) {
    const message = 'expected the path of a folder without control characters, got one with them.';
    return { fault: { message, character, hint: 'Remove it.' } };
  }
  if (path.includes('\\')) {
    return { fault: { message: 'expected / between folders, got a backslash.', hint: 'Write / in its place.' } };
  }
  if (path.trim() === '') {
    return {
      fault: { message: 'expected file: and the path of a folder.', hint: 'For instance file:.coldgate/store.' },
    };
  }
  return { url: pathToFileURL(isAbsolute(path) ? path : resolve(root, path)).href.replace(/(?<=[^/])\/$/, '') };
}
