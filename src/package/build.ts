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
import { licencesText } from './licences.ts';
import type { LayerFile } from './package-file.ts';
import type { Platform } from './platform.ts';
import { noteUse } from './prune-cache.ts';
import { prepareRuntime, type RuntimeOptions } from './runtime.ts';
import { layerFiles, layerPointer } from './runtime-layer.ts';
import { fileMatches } from './verified-folder.ts';
import { writeZip, type ZipEntry } from './zip.ts';

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
  /** What the platform takes; nothing where it has no limit. */
  budget?: Budget | undefined;
  /** Puts the native runtime into a zip of its own, as a layer that many functions share. */
  runtimeLayer?: boolean | undefined;
  /** For tests: where the runtime comes from. */
  runtime?: Pick<RuntimeOptions, 'unpacked' | 'npm' | 'pins'> | undefined;
}

export interface BuiltPackage {
  /** Absolute path of the zip, named by its digest. */
  path: string;
  sha256: string;
  size: number;
  /** Files in it, in name order; with those of the layer after them. */
  entries: SizedEntry[];
  /** Bytes that package and layer unpack to. */
  unzipped: number;
  /** The runtime's own zip, where it was asked for. */
  layer?: LayerFile | undefined;
}

/** In a clone the runtime's package lies beside the bundle (`dist/handler`); its files count only if their digests do. */
export const unpackedBeside = (handlerDir: string): string[] => [
  resolve(handlerDir, '..', '..', 'node_modules', 'onnxruntime-node'),
];

/** A zip that is not written yet. */
interface Packed {
  bytes: Buffer;
  sha256: string;
  size: number;
  entries: SizedEntry[];
}

/**
 * Builds the zip of one function: the adapter's bundle and the native runtime for exactly one OS and CPU, the latter in
 * a zip of its own if asked. The same bundle and platform give the same bytes on every machine, so an unchanged package is
 * recognised by its digest.
 * Throws what `prepareRuntime` does, and ColdgateError `package-too-large`, `handler-not-built` or `no-cache` (exit 2).
 */
export function buildPackage(options: BuildOptions): Promise<BuiltPackage> {
  return inCache(options.cacheDir, () => build(options));
}

async function build(options: BuildOptions): Promise<BuiltPackage> {
  const { handlerDir, entry = 'node.cjs', budget, runtimeLayer } = options;
  const bundle = await bundleFiles(handlerDir, entry);
  const runtime = await runtimeFiles(options);
  const licences = { name: 'LICENSES.txt', bytes: Buffer.from(licencesText) };
  const layer = runtimeLayer ? await pack(layerFiles([...runtime, licences]), options) : undefined;
  const native = layer ? layerPointer(layer) : runtime;
  const type = { name: 'package.json', bytes: Buffer.from('{"type":"module"}\n') };
  const zip = await pack([...bundle, ...native, type, licences], options);
  const entries = [...zip.entries, ...(layer?.entries ?? [])];
  if (budget) checkBudget(entries, Math.max(zip.size, layer?.size ?? 0), budget);
  const unzipped = entries.reduce((sum, one) => sum + one.size, 0);
  return { ...(await keep(zip, options)), entries, unzipped, ...(layer && { layer: await keep(layer, options) }) };
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
      hint: 'Somebody else writes to this cache: name a private folder with COLDGATE_CACHE, and run this again.',
      data: { name, expected, got },
    },
  );
}

async function pack(files: readonly BundleFile[], options: BuildOptions): Promise<Packed> {
  const { cacheDir, log, sharedCache, signal } = options;
  const entries: ZipEntry[] = [];
  for (const { name, bytes } of files) {
    signal?.throwIfAborted();
    entries.push({ name, bytes, deflated: await deflate(name, bytes, { cacheDir, log, sharedCache, signal }) });
  }
  const bytes = writeZip(entries);
  const sized = entries.map(sizeOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  return { bytes, sha256: sha256(bytes), size: bytes.byteLength, entries: sized };
}

/** Writes it under its digest, unless it is there. */
async function keep({ bytes, sha256, size }: Packed, { cacheDir }: BuildOptions): Promise<LayerFile> {
  const [folder, name] = [join(cacheDir, 'packages'), `${sha256}.zip`];
  const path = join(folder, name);
  if (!(await fileMatches(path, { sha256, size }))) await writeFileAtomic(path, bytes);
  await noteUse(folder, name);
  return { path, sha256, size };
}

const sizeOf = (entry: ZipEntry): SizedEntry => ({
  name: entry.name,
  size: entry.bytes.byteLength,
  storedSize: Math.min(entry.bytes.byteLength, entry.deflated.byteLength),
});
