import { open } from 'node:fs/promises';
import { FileChunks } from './chunks.ts';

/** A part of an upload to S3, a block of one to Azure; what is read in chunks of it is sent as it is. Bytes. */
export const partSize = 8 * 1024 * 1024;

/**
 * Streams a file of this machine in chunks (default 1 MiB), reading ahead while the consumer hashes or sends. Opens the
 * file on the first read and closes it when the stream ends, fails or is abandoned. Errors are Node's own (`ENOENT`,
 * `EACCES`, `EISDIR`), so that the caller can describe the file in its message.
 */
export function readFileChunks(path: string, chunkSize?: number): AsyncIterable<Uint8Array> {
  return new FileChunks(() => open(path, 'r'), { chunkSize });
}
