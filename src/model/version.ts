import compare from 'semver/functions/compare.js';

/**
 * Order of semantic versions by precedence (semver 2.0.0, section 11), ties (numbers beyond 2^53) by code unit, so that
 * every machine sorts in the same order. Not for the handler: it would carry the library into the function's bundle.
 */
export function compareVersions(a: string, b: string): number {
  return compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** A sorted copy, newest first. */
export const newestFirst = (versions: Iterable<string>): string[] =>
  [...versions].sort((a, b) => compareVersions(b, a));

/**
 * A pull request's own version: `1.1.0-pr.12.a1b2c3d`. Such versions live as long as their preview and must not push
 * releases out of the retained ones.
 */
export const isPreviewVersion = (version: string): boolean => /^[^-]+-(?:.+\.)?pr\.\d+(?:\.|$)/.test(version);
