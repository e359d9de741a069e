import { obtainOriginal } from '../model/companion-files.ts';
import type { Loading } from '../model/loading.ts';
import type { Resolved } from '../model/resolve.ts';
import { OptionalRuns } from './optional-runs.ts';

/**
 * For runs that give some of a served version's optional inputs, `names`. `path` is the model as published, or its form
 * with tensors alone, where that was loaded; where an optimised form was, that file is fetched when it is needed, and
 * added to `paths`, the version's files.
 */
export function openOptionalRuns(
  { reader, cache, threads, openApart }: Loading,
  resolved: Resolved,
  names: readonly string[],
  { path, paths }: { path: string | undefined; paths: string[] },
): OptionalRuns {
  return new OptionalRuns({
    names,
    // Opened while requests are served, and its runs may be as slow as any.
    open: (file) => openApart({ path: file, form: 'original' }, threads),
    async path() {
      if (path !== undefined) return path;
      const original = await obtainOriginal(reader, cache, resolved);
      paths.push(...original.paths);
      return original.path;
    },
  });
}
