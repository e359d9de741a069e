import { createHmac } from 'node:crypto';

/** An account's own key, which emulators and older set-ups use instead of identities. */
export interface AccountKey {
  account: string;
  key: Buffer;
}

/** What is signed of a request that has no body. */
export interface SharedKeyRequest {
  method: string;
  /** As it travels, percent-encoded. */
  path: string;
  query: readonly (readonly [name: string, value: string])[];
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
}

/** The header lines that have a fixed place in what is signed. */
const placed = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
];

/**
 * The Authorization header of a request, by
 * https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key.
 */
export function signSharedKey(
  { method, path, query, headers }: SharedKeyRequest,
  { account, key }: AccountKey,
): string {
  const own = Object.keys(headers)
    .filter((name) => name.startsWith('x-ms-'))
    .sort();
  const text = [
    method,
    ...placed.map((name) => headers[name] ?? ''),
    ...own.map((name) => `${name}:${headers[name]}`),
    `/${account}${path}`,
    ...query.map(([name, value]) => `${name.toLowerCase()}:${value}`).sort(),
  ].join('\n');
  return `SharedKey ${account}:${createHmac('sha256', key).update(text, 'utf8').digest('base64')}`;
}
