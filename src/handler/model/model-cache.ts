import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { uniqueId } from '../unique-id.ts';
import { removeFile, renameFile } from './files.ts';
import { LoadError } from './load-error.ts';

/**
 * Records that the file beside it was hashed by us, with its stat at that time, which shows that it is unchanged since.
 */
interface Sidecar {
  sha256: string;
  token: string;
  size: number;
  inode: string;
  modified_ns: string;
}

export interface CachedFile {
  path: string;
  sha256: string;
  /** The store's token when it was read. */
  token: string;
  size: number;
}

/**
 * Verified model files under content-addressed names: `<sha256>.onnx` or `.ort`, each with a `.json` sidecar. Files
 * appear by rename and are never written again, because the runtime maps them: a change in place would silently change
 * answers, a truncation would kill the process.
 */
export class ModelCache {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  pathOf(sha256: string, extension: string): string {
    return join(this.folder, `${sha256}.${extension}`);
  }

  documentPath(sha256: string): string {
    return this.pathOf(sha256, 'manifest.json');
  }

  temporary(): string {
    return join(this.folder, `.tmp-${process.pid}-${uniqueId()}`);
  }

  /**
   * The file if its sidecar proves that it was verified and is untouched since. At once: the folder is on this machine, and
   * turns of the event loop would take a start longer than the two calls do.
   */
  find(sha256: string, extension: string): CachedFile | undefined {
    const path = this.pathOf(sha256, extension);
    try {
      const sidecar = JSON.parse(readPrivate(sidecarOf(path)).toString('utf8')) as Sidecar;
      const stats = statSync(path, { bigint: true });
      const proven =
        sidecar.sha256 === sha256 && String(stats.size) === String(sidecar.size) && sameFile(stats, sidecar);
      return proven && isPrivate(stats) ? { path, sha256, token: sidecar.token, size: sidecar.size } : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * A small document of this digest that was verified earlier. Like a sidecar it is believed as it stands, so that a start
   * with everything at hand need not load cryptography.
   */
  findDocument(sha256: string): Uint8Array | undefined {
    try {
      return readPrivate(this.documentPath(sha256));
    } catch {
      return undefined;
    }
  }

  /** Without it, it is only read again: that must not fail a load. */
  keepDocument(sha256: string, bytes: Uint8Array): void {
    this.#writeSmall(this.documentPath(sha256), bytes);
  }

  /** Gives a verified temporary its content-addressed name, and a sidecar. */
  async adopt(temporary: string, file: Omit<CachedFile, 'path'>, extension: string): Promise<CachedFile> {
    const path = this.pathOf(file.sha256, extension);
    const stats = statSync(temporary, { bigint: true });
    await renameFile(temporary, path);
    const sidecar: Sidecar = { ...file, inode: String(stats.ino), modified_ns: String(stats.mtimeNs) };
    this.#writeSmall(sidecarOf(path), JSON.stringify(sidecar));
    return { ...file, path };
  }

  /**
   * At once and not in turns of the event loop, which the runtime is about to block: a process that is killed after its
   * first answer would leave the next one to fetch the model again. Without its sidecar a file is only fetched again;
   * that must not fail a load that has succeeded.
   */
  #writeSmall(path: string, content: string | Uint8Array): void {
    const draft = this.temporary();
    try {
      writeFileSync(draft, content, { flag: 'wx', mode: 0o600 });
      renameSync(draft, path);
    } catch {
      rmSync(draft, { force: true });
    }
  }

  /** Safe while a session still maps the file: its pages live on until the session is closed. */
  async remove(path: string): Promise<void> {
    await removeFile(sidecarOf(path), { force: true });
    await removeFile(path, { recursive: true, force: true });
  }
}

const sidecarOf = (path: string): string => `${path}.json`;

/** Bytes of a file that only this user or the system can have written. Throws where there is none. */
function readPrivate(path: string): Buffer {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() || !isPrivate(stats)) throw new Error('Others may write this file.');
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Whether only this user or the system can write the file. One kind of stats has bigints, the other numbers. */
function isPrivate({ uid, mode }: Pick<Stats | BigIntStats, 'uid' | 'mode'>): boolean {
  const user = process.getuid?.();
  return user === undefined || ((Number(uid) === user || Number(uid) === 0) && (Number(mode) & 0o022) === 0);
}

const sameFile = (stats: BigIntStats, sidecar: Sidecar): boolean =>
  String(stats.ino) === sidecar.inode && String(stats.mtimeNs) === sidecar.modified_ns;

/**
 * Opens the folder (created private). Without a name it is one in the system's temporary folder; should another user
 * own that one, who could plant files with sidecars there, a fresh folder is taken instead.
 * Throws LoadError `cache-unavailable`.
 */
export function openModelCache(folder: string | undefined): ModelCache {
  const wanted = folder ?? join(temporaryFolder(), 'coldgate-models');
  try {
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
    if (folder !== undefined || isOurs(wanted)) return new ModelCache(wanted);
    return new ModelCache(mkdtempSync(join(temporaryFolder(), 'coldgate-models-')));
  } catch (error) {
    throw new LoadError('cache-unavailable', `${wanted} cannot be used for model files.`, error);
  }
}

/** Avoids loading node:os when MODEL_CACHE is set. */
const temporaryFolder = (): string => process.getBuiltinModule('node:os').tmpdir();

function isOurs(folder: string): boolean {
  const stats = lstatSync(folder);
  const user = process.getuid?.();
  return stats.isDirectory() && isPrivate(stats) && (user === undefined || stats.uid === user);
}
