import { fileKey } from '../../model/layout.ts';
import type { FileEntry, Manifest } from '../../model/manifest.ts';
import { sinceStart } from '../clock.ts';
import type { ChosenForm } from './choose-form.ts';
import type { Loading } from './loading.ts';
import type { ModelCache } from './model-cache.ts';
import { type ObtainedFile, obtainFile, type WantedFile } from './obtain-file.ts';
import type { Resolved } from './resolve.ts';

/** What is kept of a version besides its files. */
export const documentsOf = (cache: ModelCache, { manifestSha256 }: Resolved): string[] =>
  manifestSha256 === undefined ? [] : [cache.documentPath(manifestSha256)];

interface Obtained {
  files: ObtainedFile[];
  manifest: Manifest | undefined;
  /** For the manifest alone, once the files were there, ms. */
  waitedMs: number;
}

/** Reads the files and, in parallel, the manifest that decides whether they may be loaded. Throws LoadError. */
export async function obtainVersion(
  loading: Loading,
  resolved: Resolved,
  form: ChosenForm | undefined,
  prepare: () => void,
): Promise<Obtained> {
  let refusal: { error: unknown } | undefined;
  const onBytes = (): void => {
    if (refusal) throw refusal.error;
    if (loading.reader.remote) prepare();
  };
  const coming = obtainFiles(loading, resolved, form, onBytes);
  // The manifest is asked for second: what is large goes over the connection that is open already.
  const binding = loading.bind();
  binding.catch((error: unknown) => {
    refusal = { error };
  });
  try {
    const files = await coming;
    const obtained = sinceStart();
    return { files, manifest: await binding, waitedMs: sinceStart() - obtained };
  } catch (error) {
    // Where the pointer itself is wrong, that is the reason.
    await binding;
    throw error;
  }
}

/** The file to load first, and those that it needs beside it. */
async function obtainFiles(
  { reader, cache }: Loading,
  resolved: Resolved,
  form: ChosenForm | undefined,
  onBytes: () => void,
): Promise<ObtainedFile[]> {
  const extension = resolved.key.endsWith('.ort') ? 'ort' : 'onnx';
  const { sha256, size } = resolved;
  const expected = sha256 !== undefined && size !== undefined ? { sha256, size } : undefined;
  const keyOf = ({ path }: FileEntry): string => fileKey(resolved.name, resolved.version, path);
  const besides = (one: FileEntry) => ({ key: keyOf(one), extension: 'bin' as const, expected: one });
  const wanted: WantedFile[] = form
    ? [
        { key: keyOf(form.main), extension: form.main.kind === 'cold' ? 'ort' : 'onnx', expected: form.main },
        ...form.weights.map(besides),
      ]
    : [{ key: resolved.key, extension, expected }];
  // Optimised forms have their weights in them, or with them.
  if (!form || form.main.kind === 'tensors') wanted.push(...resolved.data.map(besides));
  const files: ObtainedFile[] = [];
  for (const file of wanted) files.push(await obtainFile(reader, cache, { ...file, onBytes }));
  return files;
}
