/**
 * What every key of a store begins with, read from the end of its URL: `` or `prefix/`. Undefined for a prefix that a service
 * and a human reader would read differently.
 */
export function rootOfPrefix(prefix: string): string | undefined {
  const parts = prefix.replace(/\/$/, '').split('/');
  if (prefix === '') return '';
  return parts.every((part) => /^[\w=-][\w.=-]*$/.test(part) && !part.includes('..'))
    ? `${parts.join('/')}/`
    : undefined;
}
