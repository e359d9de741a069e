import { tensorForm } from '../model/choose-form.ts';
import type { Loading } from '../model/loading.ts';
import { obtainFile } from '../model/obtain-file.ts';
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
  const { key, sha256, size, artifacts } = resolved;
  const tensors = tensorForm(artifacts);
  const published = sha256 !== undefined && size !== undefined ? { sha256, size } : undefined;
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  const wanted = tensors ? { key: folder + tensors.path, expected: tensors } : { key, expected: published };
  return new OptionalRuns({
    names,
    // Opened while requests are served, and its runs may be as slow as any.
    open: (file) => openApart({ path: file, form: 'original' }, threads),
    async path() {
      if (path !== undefined) return path;
      const original = await obtainFile(reader, cache, { ...wanted, extension: 'onnx' });
      paths.push(original.path);
      return original.path;
    },
  });
}
