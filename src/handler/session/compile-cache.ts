import { mkdirSync, readFileSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';

/**
 * What V8 compiled of one script, in a file of a folder that lasts from one start to the next. V8 refuses code of another
 * version of itself and of other flags, but takes the length of a source for its identity and notices no damage. So the
 * name tells source and version, and the file holds the code twice: damaged, or cut short, its halves differ, which costs
 * a start microseconds to see, where a checksum would cost it a module.
 */
export class CompileCache {
  readonly #folder: string;
  readonly #file: string;

  /** @param digest of the source */
  constructor(folder: string, digest: string) {
    const { versions, arch } = process;
    this.#folder = folder;
    this.#file = `${folder}/${digest.slice(0, 16)}-${versions.v8}-${arch}.code`;
  }

  /** Nothing where none is, or where somebody else could have put it. */
  read(): Buffer | undefined {
    try {
      if (![this.#folder, this.#file].every((path) => isPrivate(statSync(path)))) return undefined;
      const both = readFileSync(this.#file);
      const half = both.byteLength / 2;
      const equal = Number.isInteger(half) && both.compare(both, half, undefined, 0, half) === 0;
      return equal && half > 0 ? both.subarray(0, half) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Appears whole or not at all. A folder that takes no file is no reason to fail. */
  write(code: Buffer): void {
    const draft = `${this.#file}.${process.pid}`;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    } catch {
      return;
    }
    try {
      writeFileSync(draft, Buffer.concat([code, code]), { flag: 'wx', mode: 0o600 });
      renameSync(draft, this.#file);
    } catch {
      rmSync(draft, { force: true });
    }
  }
}

/** Ours, or the system's own as in an image, and for nobody else to write: what it holds is run. */
function isPrivate({ uid, mode }: Stats): boolean {
  return (uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0;
}
