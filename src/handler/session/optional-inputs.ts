import type { Loading } from '../model/loading.ts';
import { obtainFile } from '../model/obtain-file.ts';
import type { Resolved } from '../model/resolve.ts';
import { OptionalRuns } from './optional-runs.ts';

/**
 * For runs that give some of a served version's optional inputs, `names`. `path` is the model as published where that was
 * loaded; where a form was, the original is fetched when it is needed, and added to `paths`, the version's files.
 */
export function openOptionalRuns(
  { reader, cache, threads, openApart }: Loading,
  resolved: Resolved,
  names: readonly string[],
  { path, paths }: { path: string | undefined; paths: string[] },
): OptionalRuns {
  const { key, sha256, size } = resolved;
  const expected = sha256 !== undefined && size !== undefined ? { sha256, size } : undefined;
  return new OptionalRuns({
    names,
    // Opened while requests are served, and its runs may be as slow as any.
    open: (file) => openApart({ path: file, form: 'original' }, threads),
    async path() {
      if (path !== undefined) return path;
      const original = await obtainFile(reader, cache, { key, extension: 'onnx', expected });
      paths.push(original.path);
      return original.path;
    },
  });
}
