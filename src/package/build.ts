import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { IntegrityError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { type Budget, checkBudget, type SizedEntry } from './budget.ts';
import { type BundleFile, bundleFiles } from './bundle-files.ts';
import { inCache } from './cache-place.ts';
import { deflate } from './deflate.ts';
import { sha256 } from './digest.ts';
import type { FolderCache } from './folder-cache.ts';
import { contentDigest, digestFile, hostFiles, saysDigest } from './host-files.ts';
import { finished, type JoinableFile } from './joinable.ts';
import { licencesText } from './licences.ts';
import type { LayerFile, PackageArchive } from './package-file.ts';
import type { Platform } from './platform.ts';
import { noteUse } from './prune-cache.ts';
import { prepareRuntime, type RuntimeOptions } from './runtime.ts';
import { layerFiles, layerPointer } from './runtime-layer.ts';
import { writeTarGz } from './tar-gz.ts';
import { fileMatches } from './verified-folder.ts';
import { writeZip } from './zip.ts';

export interface BuildOptions {
  platform: Platform;
  /** Folder of the handler's bundle: an entry per adapter and their chunks. */
  handlerDir: string;
  /** The adapter's entry in it. Default `node.cjs`. */
  entry?: string | undefined;
  /** Absolute folder for what can be made again. */
  cacheDir: string;
  log: Logger;
  sharedCache?: FolderCache | undefined;
  signal?: AbortSignal | undefined;
  /** What the platform takes; undefined where it has no limit. */
  budget?: Budget | undefined;
  /** Puts the native runtime into a separate zip, as a layer that many functions share. */
  runtimeLayer?: boolean | undefined;
  /** Default `zip`. */
  archive?: PackageArchive | undefined;
  /** For tests: where the runtime comes from. */
  runtime?: Pick<RuntimeOptions, 'unpacked' | 'npm' | 'pins'> | undefined;
}

export interface BuiltPackage {
  /** Absolute path of the archive, named by its digest. */
  path: string;
  sha256: string;
  size: number;
  /** Files in it, in name order; with those of the layer after them. */
  entries: SizedEntry[];
  /** Bytes that package and layer unpack to. */
  unzipped: number;
  /** The runtime's own zip, where it was asked for. */
  layer?: LayerFile | undefined;
  /** sha256 of the tar inside a `.tar.gz`. */
  tarSha256?: string | undefined;
  /** Of a package whose health says what is in it: the digest that it says. */
  contentDigest?: string | undefined;
}

/** In a clone the runtime's package is beside the bundle (`dist/handler`); its files count only if their digests do. */
export const unpackedBeside = (handlerDir: string): string[] => [
  resolve(handlerDir, '..', '..', 'node_modules', 'onnxruntime-node'),
];

/** An archive that is not written yet. */
interface Packed {
  bytes: Buffer;
  ending: 'zip' | 'tar.gz';
  sha256: string;
  size: number;
  entries: SizedEntry[];
  tarSha256?: string;
}

/**
 * Builds the archive of one function: the adapter's bundle and the native runtime for exactly one OS and CPU, the
 * latter in a separate zip if requested. The same bundle and platform give the same bytes on every machine, so an
 * unchanged package is recognised by its digest. Throws what `prepareRuntime` does, and ColdgateError
 * `package-too-large`, `handler-not-built` or `no-cache` (exit 2).
 */
export function buildPackage(options: BuildOptions): Promise<BuiltPackage> {
  return inCache(options.cacheDir, () => build(options));
}

async function build(options: BuildOptions): Promise<BuiltPackage> {
  const { handlerDir, entry = 'node.cjs', budget, runtimeLayer, archive = 'zip' } = options;
  const bundle = await bundleFiles(handlerDir, entry);
  const runtime = await runtimeFiles(options);
  const licences = { name: 'LICENSES.txt', bytes: Buffer.from(licencesText) };
  const layer = runtimeLayer ? await pack(layerFiles([...runtime, licences]), 'zip', options) : undefined;
  const native = layer ? layerPointer(layer) : runtime;
  const files = [...bundle, ...native, ...hostFiles(entry), licences];
  const digest = saysDigest(entry) ? contentDigest(files) : undefined;
  const own = await pack(digest ? [...files, digestFile(digest)] : files, archive, options);
  const entries = [...own.entries, ...(layer?.entries ?? [])];
  if (budget) checkBudget(entries, Math.max(own.size, layer?.size ?? 0), budget);
  const unzipped = entries.reduce((sum, one) => sum + one.size, 0);
  const { tarSha256 } = own;
  return {
    ...{ ...(await keep(own, options)), entries, unzipped },
    ...(layer && { layer: await keep(layer, options) }),
    ...(tarSha256 && { tarSha256 }),
    ...(digest && { contentDigest: digest }),
  };
}

async function runtimeFiles(options: BuildOptions): Promise<BundleFile[]> {
  const { platform, handlerDir, cacheDir, log, sharedCache, signal } = options;
  const unpacked = unpackedBeside(handlerDir);
  const found = { ...platform, cacheDir, log, sharedCache, signal, unpacked, ...options.runtime };
  const { files } = await prepareRuntime(found);
  return Promise.all(files.map(async (file) => ({ name: file.name, bytes: await readPinned(file) })));
}

/** Checked as it was read: between the look at the folder and this one it may have been replaced. */
async function readPinned({ name, path, sha256: expected }: { name: string; path: string; sha256: string }) {
  const bytes = await readFile(path);
  const got = sha256(bytes);
  if (got === expected) return bytes;
  throw new IntegrityError(
    'runtime-integrity',
    `${path} changed while it was packed: expected ${expected}, got ${got}.`,
    {
      hint: 'Another user writes to this cache: name a private folder with COLDGATE_CACHE, and run this again.',
      data: { name, expected, got },
    },
  );
}

async function pack(
  files: readonly BundleFile[],
  archive: PackageArchive,
  { cacheDir, log, sharedCache, signal }: BuildOptions,
): Promise<Packed> {
  const packed: JoinableFile[] = [];
  for (const { name, bytes } of files) {
    signal?.throwIfAborted();
    packed.push({ name, bytes, joinable: await deflate(name, bytes, { cacheDir, log, sharedCache, signal }) });
  }
  const entries = packed.map(sizeOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  if (archive === 'zip') {
    const bytes = writeZip(packed.map(({ name, bytes, joinable }) => ({ name, bytes, deflated: finished(joinable) })));
    return { bytes, ending: 'zip', sha256: sha256(bytes), size: bytes.byteLength, entries };
  }
  const { bytes, tarSha256 } = await writeTarGz(packed, archive.root);
  return { bytes, ending: 'tar.gz', sha256: sha256(bytes), size: bytes.byteLength, entries, tarSha256 };
}

/** Writes it under its digest, unless it is there. */
async function keep({ bytes, ending, sha256, size }: Packed, { cacheDir }: BuildOptions): Promise<LayerFile> {
  const [folder, name] = [join(cacheDir, 'packages'), `${sha256}.${ending}`];
  const path = join(folder, name);
  if (!(await fileMatches(path, { sha256, size }))) await writeFileAtomic(path, bytes);
  await noteUse(folder, name);
  return { path, sha256, size };
}

const sizeOf = ({ name, bytes, joinable }: JoinableFile): SizedEntry => ({
  name,
  size: bytes.byteLength,
  storedSize: Math.min(bytes.byteLength, joinable.byteLength),
});
