import { newSha256 } from '../../model/digest.ts';
import { sinceStart } from '../clock.ts';
import type { Reader, ReadObject } from '../readers/reader.ts';
import { rereadIfReplaced } from '../readers/replaced.ts';
import { throughCopy } from '../readers/through-copy.ts';
import { closeFile, openFile, removeFile, writeFrom } from './files.ts';
import { LoadError, toLoadError } from './load-error.ts';
import type { CachedFile, ModelCache } from './model-cache.ts';

export interface WantedFile {
  key: string;
  extension: 'onnx' | 'ort' | 'bin';
  /** Absent only with MODEL_URI, where no digest is known, or no size beside it. */
  expected: { sha256: string; size: number | undefined } | undefined;
  /**
   * Called when the store has answered and bytes are on their way, which is the time to do other work, and with each chunk
   * of them. What it throws ends the reading.
   */
  onBytes?: (() => void) | undefined;
}

export interface ObtainedFile extends CachedFile {
  /** Waiting for bytes and writing them, ms. */
  fetchMs: number;
  /** Hashing that the download did not hide, comparing, and giving the file its name, ms. */
  verifyMs: number;
  /** Verified earlier and untouched since, so nothing was read. */
  reused: boolean;
}

/**
 * Brings a stored file into the cache, hashed on its way. Bytes that are not the expected ones never get a name that
 * could be loaded. Throws LoadError `checksum-mismatch` or what the reader throws.
 */
export async function obtainFile(reader: Reader, cache: ModelCache, wanted: WantedFile): Promise<ObtainedFile> {
  const started = sinceStart();
  const known = wanted.expected && cache.find(wanted.expected.sha256, wanted.extension);
  if (known) return { ...known, fetchMs: sinceStart() - started, verifyMs: 0, reused: true };
  const fetch = (from: Reader, file = wanted): Promise<ObtainedFile> =>
    rereadIfReplaced(() => fetchFile(from, cache, file, started));
  if (!wanted.expected || !reader.copy) return fetch(reader);
  let stop: unknown;
  const onBytes = (): void => {
    try {
      wanted.onBytes?.();
    } catch (error) {
      stop = error;
      throw error;
    }
  };
  return throughCopy(
    reader,
    (from) => fetch(from, { ...wanted, onBytes }),
    (error) => error === stop,
  );
}

async function fetchFile(
  reader: Reader,
  cache: ModelCache,
  wanted: WantedFile,
  started: number,
): Promise<ObtainedFile> {
  const object = await reader.read(wanted.key);
  const temporary = cache.temporary();
  try {
    wanted.onBytes?.();
    const got = await download(object, temporary, wanted);
    const fetched = sinceStart();
    checkDigest(wanted, got);
    const file = await cache.adopt(
      temporary,
      { sha256: got.sha256, size: got.size, token: object.token },
      wanted.extension,
    );
    const hidden = reader.remote ? 0 : got.hashMs;
    return {
      ...file,
      fetchMs: fetched - started - hidden,
      verifyMs: sinceStart() - fetched + hidden,
      reused: false,
    };
  } catch (error) {
    await removeFile(temporary, { force: true });
    await cancelBody(object.body);
    throw toLoadError(error, 'cache-unavailable', `Keeping ${wanted.key} in ${cache.folder} failed`);
  }
}

/** What is read no further has to be let go of, also where reading had not begun. */
async function cancelBody(body: AsyncIterable<Uint8Array>): Promise<void> {
  const rest = body[Symbol.asyncIterator]();
  await rest.next().catch(() => {});
  await rest.return?.();
}

interface Downloaded {
  sha256: string;
  size: number;
  hashMs: number;
}

/** Writes one chunk while the next is hashed; never holds more than two. */
async function download(object: ReadObject, path: string, { expected, onBytes }: WantedFile): Promise<Downloaded> {
  const most = expected?.size;
  const file = await openFile(path, 'wx', 0o600);
  const hash = newSha256();
  let written: Promise<void> = Promise.resolve();
  let size = 0;
  let hashMs = 0;
  try {
    for await (const chunk of object.body) {
      await written;
      onBytes?.();
      written = writeAll(file, chunk, size);
      // A failed write is thrown by the await above or below; meanwhile it must not count as unhandled.
      written.catch(() => {});
      const before = sinceStart();
      hash.update(chunk);
      hashMs += sinceStart() - before;
      size += chunk.byteLength;
      if (most !== undefined && size > most) break;
    }
    await written;
  } finally {
    // A descriptor is used again as soon as it is closed: nothing may still be written to it.
    await written.catch(() => {});
    await closeFile(file);
  }
  const before = sinceStart();
  const sha256 = hash.digest('hex');
  return { sha256, size, hashMs: hashMs + sinceStart() - before };
}

async function writeAll(file: number, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    const { bytesWritten } = await writeFrom(file, chunk, done, chunk.byteLength - done, position + done);
    done += bytesWritten;
  }
}

function checkDigest(wanted: WantedFile, got: Downloaded): void {
  const { expected } = wanted;
  if (!expected || ((expected.size ?? got.size) === got.size && expected.sha256 === got.sha256)) return;
  const larger = got.size > (expected.size ?? got.size) ? 'more than ' : '';
  throw new LoadError(
    'checksum-mismatch',
    `${wanted.key} is not what was published: expected sha256 ${expected.sha256} of ${expected.size ?? 'any number of'} bytes, ` +
      `got ${larger ? `${larger}${expected.size} bytes` : `${got.sha256} of ${got.size} bytes`}.`,
  );
}
