import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { ReadOnlyFolders, removeTree } from '../../fakes/clouds/read-only-folders.ts';

/** Why nothing of a revision can be started: what the platform says of it. */
export class StartError extends Error {}

/** Bytes of an archive of sources: the `maxSize` of `uploadSource`. */
const maxArchive = 262_144_000;

/** The unpacked archives of a project. */
export class Sources {
  readonly #scratch: string;
  /** Digests of archives that have been seen before. */
  readonly #digests = new WeakMap<Buffer, string>();
  readonly #folders = new ReadOnlyFolders();

  constructor(scratch: string) {
    this.#scratch = scratch;
  }

  /**
   * Unpacks a gzipped tar read-only, once for equal bytes: the base images run as a user who owns nothing of /workspace.
   * Returns the folder. Throws StartError for what is no such archive, a zip among them.
   */
  async unpack(archive: Buffer): Promise<string> {
    if (archive.byteLength > maxArchive) throw new StartError('The source archive is larger than 250 MiB.');
    const digest = this.#digests.get(archive) ?? createHash('sha256').update(archive).digest('hex').slice(0, 16);
    this.#digests.set(archive, digest);
    const folder = join(this.#scratch, `source-${digest}`);
    if (this.#folders.has(folder)) return folder;
    const making = `${folder}.part-${process.hrtime.bigint()}`;
    mkdirSync(making, { recursive: true });
    try {
      await pipeline(Readable.from([archive]), createGunzip(), unpacker(making));
    } catch (error) {
      removeTree(making);
      throw error instanceof StartError ? error : new StartError(`The source is no gzipped tar: ${String(error)}`);
    }
    if (existsSync(folder)) removeTree(making);
    else renameSync(making, folder);
    this.#folders.lock(folder);
    return folder;
  }

  /** What instances have changed in their working directories: on the platform they may not. */
  changes(): string[] {
    return this.#folders.changes();
  }
}

function unpacker(folder: string): ReturnType<typeof extract> {
  const unpacking = extract();
  unpacking.on('entry', ({ name, type, mode }, stream, next) => {
    const path = join(folder, normalize(name));
    if (!path.startsWith(folder)) return next(new StartError(`The source has an entry outside: ${name}`));
    if (type === 'directory') {
      mkdirSync(path, { recursive: true });
      stream.resume();
      stream.on('end', () => next());
      return;
    }
    if (type !== 'file') return next(new StartError(`The source has a ${type}: ${name}`));
    mkdirSync(dirname(path), { recursive: true });
    pipeline(stream, createWriteStream(path, { mode: (mode ?? 0o444) & 0o555 })).then(() => next(), next);
  });
  return unpacking;
}
