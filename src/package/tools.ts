import { constants } from 'node:fs';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IntegrityError } from '../errors.ts';
import { type BuildOptions, unpackedBeside } from './build.ts';
import { inCache } from './cache-place.ts';
import { sha256 } from './digest.ts';
import { hostPlatform } from './platform.ts';
import { noteUse } from './prune-cache.ts';
import { prepareRuntime } from './runtime.ts';
import { folderMatches, publishFolder } from './verified-folder.ts';

export type ToolsOptions = Pick<BuildOptions, 'handlerDir' | 'cacheDir' | 'log' | 'sharedCache' | 'signal' | 'runtime'>;

/**
 * A folder in which all of the handler's bundle runs on this machine, the optimiser included: bundle and native runtime
 * side by side, since the bundle looks for the binding beside itself. Named by the digest of its files, verified at each
 * use, and started from as `node <folder>/<entry>.mjs`. Throws what `prepareRuntime` does, and ColdgateError
 * `no-cache` (exit 2).
 */
export function prepareTools(options: ToolsOptions): Promise<string> {
  return inCache(options.cacheDir, () => toolsFolder(options));
}

async function toolsFolder(options: ToolsOptions): Promise<string> {
  const { handlerDir, cacheDir, log, sharedCache, signal } = options;
  const platform = hostPlatform();
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
  const bundle = new Map<string, Uint8Array>();
  for (const entry of await readdir(handlerDir, { withFileTypes: true })) {
    if (entry.isFile()) bundle.set(entry.name, await readFile(join(handlerDir, entry.name)));
  }
  bundle.set('package.json', Buffer.from('{"type":"module"}\n'));
  // A build that left natives in the bundle's folder must not decide what runs: the pinned ones do.
  for (const file of runtime.files) bundle.delete(file.name);
  const files = [
    ...[...bundle].map(([name, bytes]) => ({ name, size: bytes.byteLength, sha256: sha256(bytes) })),
    ...runtime.files.map(({ name, size, sha256: digest }) => ({ name, size, sha256: digest })),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
  const [home, name] = [join(cacheDir, 'tools'), sha256(JSON.stringify(files)).slice(0, 32)];
  const dir = join(home, name);
  const isGood = (folder: string) => folderMatches(folder, files);
  await noteUse(home, name);
  if (await isGood(dir)) return dir;
  await publishFolder(dir, isGood, async (temp) => {
    for (const [name, bytes] of bundle) await writeFile(join(temp, name), bytes);
    for (const file of runtime.files) await copyFile(file.path, join(temp, file.name), constants.COPYFILE_FICLONE);
    if (!(await isGood(temp))) throw changedMeanwhile(temp);
  });
  return dir;
}

const changedMeanwhile = (folder: string): IntegrityError =>
  new IntegrityError('runtime-integrity', `The ONNX runtime changed while it was copied to ${folder}.`, {
    hint: 'Another user writes to this cache: name a private folder with COLDGATE_CACHE, and run this again.',
  });
