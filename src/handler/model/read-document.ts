import type { Reader, StoredDocument } from '../readers/reader.ts';
import { rereadIfReplaced } from '../readers/replaced.ts';
import { LoadError } from './load-error.ts';

/** A golden sample is sent in one request, of which the largest service takes 32 MiB; pointer and manifest are smaller. */
const maxBytes = 32 * 1024 * 1024;

/** The document that a first load begins with, by the shortest way. Throws as readDocument does. */
export const readFirstDocument = async (reader: Reader, key: string): Promise<StoredDocument> =>
  reader.readAtOnce?.(key) ?? readDocument(reader, key, undefined);

/** Reads a small object whole. Throws LoadError `document-unusable` above 32 MiB, or what the reader throws. */
export async function readDocument(reader: Reader, key: string, ifChanged: undefined): Promise<StoredDocument>;
export async function readDocument(
  reader: Reader,
  key: string,
  ifChanged: string | undefined,
): Promise<StoredDocument | 'unchanged'>;
export async function readDocument(
  reader: Reader,
  key: string,
  ifChanged: string | undefined,
): Promise<StoredDocument | 'unchanged'> {
  return rereadIfReplaced(() => readWhole(reader, key, ifChanged));
}

async function readWhole(
  reader: Reader,
  key: string,
  ifChanged: string | undefined,
): Promise<StoredDocument | 'unchanged'> {
  const object = await reader.read(key, { ifChanged });
  if (object === 'unchanged') return 'unchanged';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of object.body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new LoadError('document-unusable', `${key} is larger than ${maxBytes} bytes.`);
    chunks.push(Buffer.from(chunk));
  }
  return { bytes: Buffer.concat(chunks), token: object.token };
}
