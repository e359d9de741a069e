import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { IntegrityError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type FolderCache, quietly } from './folder-cache.ts';
import { findNpm, type NpmCommand, packFromNpm } from './npm-pack.ts';
import { type Platform, platformKey } from './platform.ts';
import { checkArchive, extractFiles } from './runtime-archive.ts';
import { onnxRuntimePins, type PinnedFile, type RuntimePins } from './runtime-pins.ts';
import { discard, folderMatches, publishFolder } from './verified-folder.ts';

export interface RuntimeOptions extends Platform {
  /** Absolute folder for what can be made again. */
  cacheDir: string;
  log: Logger;
  sharedCache?: FolderCache | undefined;
  signal?: AbortSignal | undefined;
  /** Unpacked packages of the runtime that may lie on this machine (`node_modules/onnxruntime-node`). */
  unpacked?: readonly string[] | undefined;
  npm?: NpmCommand | undefined;
  pins?: RuntimePins | undefined;
}

export interface Runtime {
  dir: string;
  version: string;
  files: (PinnedFile & { path: string })[];
}

/**
 * The native files of the ONNX runtime for one platform, each with the pinned digest. Looked for in the local cache, in
 * unpacked packages on this machine, in the shared cache, then downloaded through npm. A damaged cache is made again;
 * processes that do this at the same time do not disturb each other.
 * Throws IntegrityError `runtime-integrity` (exit 3), or ColdgateError `runtime-download-failed`, `npm-not-found`,
 * `platform-not-supported`.
 */
export async function prepareRuntime(options: RuntimeOptions): Promise<Runtime> {
  const pins = options.pins ?? onnxRuntimePins;
  const name = `${pins.name}-${pins.version}-${platformKey(options)}`;
  const files = pins.files(options);
  const dir = join(options.cacheDir, 'runtime', name);
  const isGood = (folder: string) => folderMatches(folder, files);
  if (!(await isGood(dir))) {
    options.signal?.throwIfAborted();
    const found = (await fromUnpacked(options, pins, dir)) || (await fromShared(options, dir, name, isGood));
    if (!found) {
      await fromNpm(options, pins, dir);
      await quietly(options.log, 'save to', () => options.sharedCache?.save(dir, name));
    }
  }
  return { dir, version: pins.version, files: files.map((file) => ({ ...file, path: join(dir, file.name) })) };
}

async function fromUnpacked(options: RuntimeOptions, pins: RuntimePins, dir: string): Promise<boolean> {
  const files = pins.files(options);
  for (const root of options.unpacked ?? []) {
    const source = join(root, pins.folder(options));
    const isGood = (folder: string) => folderMatches(folder, files);
    try {
      await publishFolder(dir, isGood, async (temp) => {
        for (const file of files) await copyFile(join(source, file.name), join(temp, file.name));
        if (!(await isGood(temp))) throw new Error('other bytes than those pinned');
      });
      options.log.debug(`ONNX runtime ${pins.version} taken from ${root}.`);
      return true;
    } catch (error) {
      options.log.debug(`No ONNX runtime taken from ${root}: ${(error as Error).message}`);
    }
  }
  return false;
}

async function fromShared(
  options: RuntimeOptions,
  dir: string,
  key: string,
  isGood: (dir: string) => Promise<boolean>,
): Promise<boolean> {
  if (!options.sharedCache) return false;
  // The cache writes into the folder as it finds it: what is damaged must not be mixed with what it brings.
  await discard(dir);
  const restored = await quietly(options.log, 'restore from', () => options.sharedCache?.restore(dir, key));
  if (!restored) return false;
  if (await isGood(dir)) return true;
  options.log.warn(`The shared cache holds a damaged ONNX runtime under ${key}; downloading it instead.`);
  return false;
}

async function fromNpm(options: RuntimeOptions, pins: RuntimePins, dir: string): Promise<void> {
  const files = pins.files(options);
  const spec = `${pins.name}@${pins.version}`;
  const megabytes = Math.round(pins.archiveSize / 1e6);
  options.log.info(`Getting ${spec} through npm (${megabytes} MB, once; then it is cached) …`);
  await mkdir(dirname(dir), { recursive: true });
  // Beside the cache and not in the system's temporary folder, which may be small and in memory.
  const download = await mkdtemp(join(dirname(dir), '.making-download-'));
  try {
    const archive = await packFromNpm(spec, download, { npm: options.npm ?? findNpm(), signal: options.signal });
    await checkArchive(archive, pins.integrity);
    options.signal?.throwIfAborted();
    const isGood = (folder: string) => folderMatches(folder, files);
    await publishFolder(dir, isGood, async (temp) => {
      await extractFiles(archive, pins.folder(options), files, temp);
      if (!(await isGood(temp))) throw unpinned(spec);
    });
  } finally {
    await rm(download, { recursive: true, force: true });
  }
}

/** Cannot happen while archive and files are pinned together; a wrong edit of the pins would show here. */
const unpinned = (spec: string): IntegrityError =>
  new IntegrityError('runtime-integrity', `The files in ${spec} do not have the digests pinned for them.`, {
    hint: 'This may be a fault of Coldgate: report it with the version you use.',
  });
