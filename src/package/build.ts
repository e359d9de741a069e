import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Logger } from '../log.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { type Budget, checkBudget, type SizedEntry } from './budget.ts';
import { bundleFiles } from './bundle-files.ts';
import { deflate } from './deflate.ts';
import { sha256 } from './digest.ts';
import type { FolderCache } from './folder-cache.ts';
import { licencesText } from './licences.ts';
import type { Platform } from './platform.ts';
import { noteUse } from './prune-cache.ts';
import { prepareRuntime, type RuntimeOptions } from './runtime.ts';
import { fileMatches } from './verified-folder.ts';
import { writeZip, type ZipEntry } from './zip.ts';

export interface BuildOptions {
  platform: Platform;
  /** Folder of the handler's bundle: an entry per adapter and their chunks. */
  handlerDir: string;
  /** The adapter's entry in it. Default `node.mjs`. */
  entry?: string | undefined;
  /** Absolute folder for what can be made again. */
  cacheDir: string;
  log: Logger;
  sharedCache?: FolderCache | undefined;
  signal?: AbortSignal | undefined;
  /** What the platform takes; nothing where it has no limit. */
  budget?: Budget | undefined;
  /** For tests: where the runtime comes from. */
  runtime?: Pick<RuntimeOptions, 'unpacked' | 'npm' | 'pins'> | undefined;
}

export interface BuiltPackage {
  /** Absolute path of the zip, named by its digest. */
  path: string;
  sha256: string;
  size: number;
  /** Files in it, in name order. */
  entries: SizedEntry[];
}

/** In a clone the runtime's package lies beside the bundle (`dist/handler`); its files count only if their digests do. */
export const unpackedBeside = (handlerDir: string): string[] => [
  resolve(handlerDir, '..', '..', 'node_modules', 'onnxruntime-node'),
];

/**
 * Builds the zip of one function: the adapter's bundle and the native runtime for exactly one OS and CPU. The same
 * bundle and platform give the same bytes on every machine, so an unchanged package is recognised by its digest.
 * Throws what `prepareRuntime` does, and ColdgateError `package-too-large` or `handler-not-built` (exit 2).
 */
export async function buildPackage(options: BuildOptions): Promise<BuiltPackage> {
  const { platform, handlerDir, cacheDir, log, sharedCache, signal } = options;
  const files = await bundleFiles(handlerDir, options.entry ?? 'node.mjs');
  const unpacked = unpackedBeside(handlerDir);
  const runtime = await prepareRuntime({
    ...platform,
    cacheDir,
    log,
    sharedCache,
    signal,
    unpacked,
    ...options.runtime,
  });
  for (const file of runtime.files) files.push({ name: file.name, bytes: await readFile(file.path) });
  files.push({ name: 'package.json', bytes: Buffer.from('{"type":"module"}\n') });
  files.push({ name: 'LICENSES.txt', bytes: Buffer.from(licencesText) });

  const entries: ZipEntry[] = [];
  for (const { name, bytes } of files) {
    signal?.throwIfAborted();
    entries.push({ name, bytes, deflated: await deflate(name, bytes, { cacheDir, log, sharedCache, signal }) });
  }
  const zip = writeZip(entries);
  const sized = entries.map(sizeOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  if (options.budget) checkBudget(sized, zip.byteLength, options.budget);
  const digest = sha256(zip);
  const [folder, name] = [join(cacheDir, 'packages'), `${digest}.zip`];
  const path = join(folder, name);
  const made = { sha256: digest, size: zip.byteLength };
  if (!(await fileMatches(path, made))) await writeFileAtomic(path, zip);
  await noteUse(folder, name);
  return { path, ...made, entries: sized };
}

const sizeOf = (entry: ZipEntry): SizedEntry => ({
  name: entry.name,
  size: entry.bytes.byteLength,
  storedSize: Math.min(entry.bytes.byteLength, entry.deflated.byteLength),
});
