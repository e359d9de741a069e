import { inflateRawSync } from 'node:zlib';
import { readZipIndex } from './zip-index.ts';

/**
 * One small file of a zip that Coldgate made; undefined where it has none of that name. Throws IntegrityError
 * `bad-zip`.
 */
export function readZipFile(zip: Buffer, name: string): Buffer | undefined {
  const entry = readZipIndex(zip).find((one) => one.name === name);
  if (!entry) return undefined;
  const stored = zip.subarray(entry.dataOffset, entry.dataOffset + entry.storedSize);
  return entry.method === 0 ? stored : inflateRawSync(stored, { maxOutputLength: entry.size + 1 });
}
