import { parseJsonObject } from './read-json.ts';

/** From here on a body is read in turns, bytes. */
const largeBytes = 1024 * 1024;

/** As `parseJsonObject`; long lists of numbers in a large body are NumberLists. */
export function parseBody(bytes: Uint8Array): Record<string, unknown> | Promise<Record<string, unknown>> {
  return bytes.byteLength < largeBytes
    ? parseJsonObject(bytes)
    : import('./large-json.ts').then(({ parseLargeObject }) => parseLargeObject(bytes));
}
