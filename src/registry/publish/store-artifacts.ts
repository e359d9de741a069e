import { IntegrityError } from '../../errors.ts';
import type { VersionContents } from '../version/contents.ts';
import { type LocalReading, WatchedFile } from './local-file.ts';
import type { ArtifactSource } from './publish-input.ts';
import { type Destination, type StoredFile, storeFile } from './store-file.ts';

/**
 * Stores the load-optimised forms. They are derived, and another machine may derive other bytes: where an unfinished
 * publish left such ones, the whole kind is left out with a warning (its files belong together), because the original
 * serves without it, unless it is required. Throws as storeFile does for everything else.
 */
export async function storeArtifacts(
  to: Destination,
  artifacts: readonly ArtifactSource[],
  contents: VersionContents,
  io: LocalReading,
): Promise<StoredFile[]> {
  const stored: StoredFile[] = [];
  const kinds = new Set(artifacts.map(({ entry }) => entry.kind));
  for (const kind of kinds) {
    const files = artifacts
      .filter(({ entry }) => entry.kind === kind)
      .sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1));
    try {
      const together: StoredFile[] = [];
      for (const { entry, source } of files) {
        const file = new WatchedFile({ path: entry.path, source, expected: entry }, io);
        together.push(await storeFile(to, file, contents.objects.get(entry.path)));
      }
      stored.push(...together);
    } catch (error) {
      const isLeftover = error instanceof IntegrityError && error.code === 'leftover-differs';
      if (!isLeftover || files.some(({ required }) => required)) throw error;
      to.log.warn(
        `${to.model} ${to.version} is published without its "${kind}" form: an unfinished publish left other bytes in its place.`,
      );
    }
  }
  return stored;
}
