import { IntegrityError } from '../../errors.ts';
import { Hashing } from '../../model/digest.ts';
import type { FileEntry } from '../../model/manifest.ts';

/** A file to publish. */
export interface LocalFile {
  /** Path inside the version. */
  path: string;
  /** Absolute path on this machine. */
  source: string;
  /** What an earlier step knows of the bytes; other bytes are refused. */
  expected?: { sha256: string; size: number } | undefined;
  /** For messages, what is in it that its path does not tell: `the tensor "w"`. */
  holds?: string | undefined;
}

/** What identifies the state of a file; `stat` of node:fs/promises answers it. */
export interface FileState {
  size: number;
  mtimeMs: number;
  ino: number;
}

export interface LocalReading {
  /** Streams a file of this machine; called again when a second pass is needed. */
  readFile: (source: string) => AsyncIterable<Uint8Array>;
  /** Lets a change during the upload be noticed, and progress know its total. */
  statFile?: ((source: string) => Promise<FileState>) | undefined;
}

/**
 * One local file on its way into a version: read, hashed and watched for changes. A change is thrown from inside the
 * stream, before its end, so that a store never sees the whole body and nothing becomes visible.
 */
export class WatchedFile {
  readonly path: string;
  readonly #file: LocalFile;
  readonly #io: LocalReading;
  #first: FileState | undefined;
  #entry: FileEntry | undefined;
  /** What the body threw, since a driver may wrap it. */
  failure: unknown;

  constructor(file: LocalFile, io: LocalReading) {
    this.#file = file;
    this.#io = io;
    this.path = file.path;
  }

  /** Bytes, where `statFile` is given. */
  get size(): number | undefined {
    return this.#first?.size;
  }

  /** Digest and size; known once a body has been read to its end. */
  get entry(): FileEntry {
    if (!this.#entry) throw new RangeError(`${this.path} has not been read to its end.`);
    return this.#entry;
  }

  /** One pass over the bytes. Throws IntegrityError `file-changed`. */
  async *body(onBytes: (done: number) => void = () => {}): AsyncGenerator<Uint8Array> {
    try {
      await this.check();
      const hashing = new Hashing();
      for await (const chunk of hashing.through(this.#io.readFile(this.#file.source))) {
        yield chunk;
        onBytes(hashing.size);
      }
      await this.check();
      this.#settle({ path: this.path, sha256: hashing.sha256, size: hashing.size });
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  /** Reads the file for its digest alone. Throws IntegrityError `file-changed`. */
  async digest(onBytes?: (done: number) => void): Promise<FileEntry> {
    if (this.#entry) return this.#entry;
    for await (const _chunk of this.body(onBytes));
    return this.entry;
  }

  /** Compares the file with what it was when first looked at. Throws IntegrityError `file-changed`. */
  async check(): Promise<void> {
    const now = await this.#io.statFile?.(this.#file.source);
    if (!now) return;
    const { size, mtimeMs, ino } = now;
    this.#first ??= { size, mtimeMs, ino };
    const then = this.#first;
    if (size !== then.size || mtimeMs !== then.mtimeMs || ino !== then.ino) {
      throw this.#changed(`it had ${then.size} bytes at first and has ${size} now, or was written to in between`);
    }
  }

  #settle(entry: FileEntry): void {
    const known = this.#entry ?? this.#file.expected;
    if (known && (known.sha256 !== entry.sha256 || known.size !== entry.size)) {
      throw this.#changed(
        `expected sha256 ${known.sha256} (${known.size} bytes), got ${entry.sha256} (${entry.size} bytes)`,
      );
    }
    if (this.size !== undefined && this.size !== entry.size) {
      throw this.#changed(`it has ${this.size} bytes and ${entry.size} were read`);
    }
    this.#entry = entry;
  }

  #changed(how: string): IntegrityError {
    const { holds } = this.#file;
    const what = holds === undefined ? this.path : `${this.path}, which holds ${holds},`;
    return new IntegrityError('file-changed', `${what} changed while it was published: ${how}.`, {
      hint: `Let whatever writes ${this.#file.source} finish, then publish again.`,
      data: { path: this.path },
    });
  }
}
