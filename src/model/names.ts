/**
 * Closed alphabets. A name that passes can stand in a key, a path, a URL, an environment variable's value and a shell
 * word without escaping, on every store and file system (also case-insensitive ones: lower case only where it names).
 * The patterns are what editors check too; Windows device names are refused besides.
 */
export const namePatterns = {
  model: /^(?!.*\.\.)[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/,
  environment: /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/,
  file: /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,126}\/){0,3}[A-Za-z0-9_-][A-Za-z0-9._-]{0,126}$/,
  pointer: /^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?\.json$/,
  /** Semver 2.0.0 without build metadata: `+` is not a safe key character everywhere, and it does not order. */
  version:
    /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?$/,
} as const;

/** Names of files that Coldgate itself writes into a version, in lower case: stores may be case-insensitive. */
const reserved = new Set(['manifest.json', 'artifacts']);
/** Windows cannot create files of these names, with or without an ending. */
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

export const isModelName = (text: string): boolean => namePatterns.model.test(text) && !device.test(text);
export const isEnvironmentName = (text: string): boolean => namePatterns.environment.test(text) && !device.test(text);
export const isPointerName = (text: string): boolean => namePatterns.pointer.test(text) && !device.test(text);

const coreNumber = /^(?:0|[1-9]\d{0,8})$/;
const preRelease = /^[0-9A-Za-z-]+$/;
const leadingZero = /^0\d+$/;

/** Matches the pattern in steps: compiling the whole pattern would add 3 ms to a function's start. */
export function isVersion(text: string): boolean {
  if (text.length > 128) return false;
  const dash = text.indexOf('-');
  const core = (dash < 0 ? text : text.slice(0, dash)).split('.');
  const rest = dash < 0 ? [] : text.slice(dash + 1).split('.');
  const isIdentifier = (part: string): boolean => preRelease.test(part) && !leadingZero.test(part);
  return core.length === 3 && core.every((part) => coreNumber.test(part)) && rest.every(isIdentifier);
}

/** The first part of a version's path is one that Coldgate writes itself. */
export const isReservedPath = (text: string): boolean => reserved.has((text.split('/')[0] ?? '').toLowerCase());

/** A relative path inside a version: up to 4 safe segments, none hidden, none reserved. */
export function isFilePath(text: string): boolean {
  const safe = (segment: string): boolean => !segment.endsWith('.') && !device.test(segment);
  return namePatterns.file.test(text) && text.split('/').every(safe) && !isReservedPath(text);
}

export const nameRules = {
  model: 'lower-case letters, digits, ".", "_" and "-", at most 64, beginning and ending with a letter or digit',
  environment: 'lower-case letters, digits and "-", at most 32',
  file: 'letters, digits, ".", "_" and "-" in up to 4 "/"-separated parts, none beginning with a dot',
  pointer: 'a lower-case name ending in .json',
  version: 'a semantic version such as 1.4.0 or 1.4.0-rc.1, without build metadata',
} as const;
