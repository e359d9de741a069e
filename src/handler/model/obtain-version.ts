import { fileKey, isRuntimeFormat } from '../../model/layout.ts';
import type { FileEntry, Manifest } from '../../model/manifest.ts';
import { sinceStart } from '../clock.ts';
import { type ChosenForm, compiledTokenizer } from './choose-form.ts';
import type { Loading } from './loading.ts';
import type { ModelCache } from './model-cache.ts';
import { type ObtainedFile, obtainFile, type WantedFile } from './obtain-file.ts';
import type { Resolved } from './resolve.ts';

/** What is kept of a version besides its files. */
export const documentsOf = (cache: ModelCache, { manifestSha256 }: Resolved): string[] =>
  manifestSha256 === undefined ? [] : [cache.documentPath(manifestSha256)];

interface Obtained {
  files: ObtainedFile[];
  /** The compiled tokenizer, of a version that has one. */
  tokenizer: ObtainedFile | undefined;
  manifest: Manifest | undefined;
  /** For manifest and tokenizer alone, once the files were there, ms. */
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
  const coming = obtainAll(loading, filesOf(resolved, form), onBytes);
  // The manifest is asked for second: what is large goes over the connection that is open already.
  const binding = loading.bind();
  binding.catch((error: unknown) => {
    refusal = { error };
  });
  // Beside the model, whose bytes take longer: what is small waits for nothing.
  const tokenizing = obtainTokenizer(loading, resolved);
  tokenizing?.catch(() => {});
  try {
    const files = await coming;
    const obtained = sinceStart();
    const manifest = await binding;
    return { files, tokenizer: await tokenizing, manifest, waitedMs: sinceStart() - obtained };
  } catch (error) {
    // Where the pointer itself is wrong, that is the reason.
    await binding;
    throw error;
  }
}

function obtainTokenizer({ reader, cache }: Loading, { name, version, artifacts }: Resolved) {
  const expected = compiledTokenizer(artifacts);
  if (!expected) return undefined;
  return obtainFile(reader, cache, { key: fileKey(name, version, expected.path), extension: 'bin', expected });
}

/** Read where a version has files beside the first. */
const severalFiles = () => import('./obtain-files.ts');

/** The first over the connection that is open already, which the next one then has. */
async function obtainAll(
  { reader, cache }: Loading,
  [first, ...besides]: readonly [WantedFile, ...WantedFile[]],
  onBytes: () => void,
): Promise<ObtainedFile[]> {
  const main = await obtainFile(reader, cache, { ...first, onBytes });
  if (besides.length === 0) return [main];
  const others = besides.map((file) => ({ ...file, onBytes }));
  return [main, ...(await (await severalFiles()).obtainFiles(reader, cache, others))];
}

/** The file to load first, and those that it needs beside it. */
function filesOf(resolved: Resolved, form: ChosenForm | undefined): [WantedFile, ...WantedFile[]] {
  const extension = isRuntimeFormat(resolved.key) ? 'ort' : 'onnx';
  const { sha256, size } = resolved;
  const expected = sha256 === undefined ? undefined : { sha256, size };
  const keyOf = ({ path }: FileEntry): string => fileKey(resolved.name, resolved.version, path);
  const besides = (one: FileEntry) => ({ key: keyOf(one), extension: 'bin' as const, expected: one });
  const first: WantedFile = form
    ? { key: keyOf(form.main), extension: form.main.kind === 'cold' ? 'ort' : 'onnx', expected: form.main }
    : { key: resolved.key, extension, expected };
  // Optimised forms have their weights in them, or with them.
  const data = !form || form.main.kind === 'tensors' ? resolved.data : [];
  return [first, ...[...(form?.weights ?? []), ...data].map(besides)];
}
