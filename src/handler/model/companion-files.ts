import { dirname, join } from 'node:path';
import { fileKey } from '../../model/layout.ts';
import type { Reader } from '../readers/reader.ts';
import { linkFile, makeFolder, removeFile } from './files.ts';
import type { ModelCache } from './model-cache.ts';
import { type ObtainedFile, obtainFile } from './obtain-file.ts';
import type { Resolved } from './resolve.ts';

export interface Companions {
  /** The model under its published name, with the version's other files where it expects them. */
  path: string;
  files: ObtainedFile[];
  /** Everything here can be removed with the version. */
  folder: string;
}

/**
 * A model may keep weights in other files of its version, which it names by their published paths. Only the model
 * itself names them, so this is tried when it does not load alone: hard links of verified files, laid out as published.
 * Undefined where the version has no other files. Throws LoadError.
 */
export async function gatherCompanions(
  reader: Reader,
  cache: ModelCache,
  resolved: Resolved,
  model: ObtainedFile,
): Promise<Companions | undefined> {
  const { manifest } = resolved;
  const others = manifest?.files.filter((file) => file.path !== manifest.model && file.path !== manifest.sample) ?? [];
  if (!manifest || others.length === 0) return undefined;
  const folder = join(cache.folder, `${model.sha256}.files`);
  const files: ObtainedFile[] = [];
  for (const entry of others) {
    const key = fileKey(resolved.name, resolved.version, entry.path);
    const file = await obtainFile(reader, cache, { key, extension: 'bin', expected: entry });
    await place(file.path, join(folder, entry.path));
    files.push(file);
  }
  const path = join(folder, manifest.model);
  await place(model.path, path);
  return { path, files, folder };
}

async function place(from: string, to: string): Promise<void> {
  await makeFolder(dirname(to), { recursive: true, mode: 0o700 });
  await removeFile(to, { force: true });
  await linkFile(from, to);
}
