import { mkdirSync, readFileSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';

/**
 * What V8 compiled of one script, in a file of a folder that lasts from one start to the next. V8 refuses code of
 * another V8 version or of other flags, but identifies a source only by its length and notices no damage. So the file's
 * name holds digests of source and version, and the file holds the code twice: if it is damaged or truncated its halves
 * differ, which takes microseconds to check, while a checksum would need another module.
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

  /** Undefined where there is none, or where another user could have written it. */
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

/** Whether only this user, or the system as in an image, can write the file: its content is executed. */
function isPrivate({ uid, mode }: Stats): boolean {
  return (uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0;
}
