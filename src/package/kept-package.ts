import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackageFile } from '../targets/target.ts';
import { layerIn } from './runtime-layer.ts';
import { fileMatches } from './verified-folder.ts';

/** A package that was built before, with its layer; nothing where either is no longer on this machine. */
export async function keptPackage(cacheDir: string, sha256: string): Promise<PackageFile | undefined> {
  const folder = join(cacheDir, 'packages');
  const path = join(folder, `${sha256}.zip`);
  try {
    const { size } = await stat(path);
    const layer = layerIn(await readFile(path));
    if (!layer) return { path, sha256, size };
    const below = join(folder, `${layer.sha256}.zip`);
    return (await fileMatches(below, layer)) ? { path, sha256, size, layer: { ...layer, path: below } } : undefined;
  } catch {
    return undefined;
  }
}
