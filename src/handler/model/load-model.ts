import { isRuntimeFormat } from '../../model/layout.ts';
import type { Artifact } from '../../model/manifest.ts';
import type { Task } from '../../task/task.ts';
import { sinceStart } from '../clock.ts';
import type { OptionalRuns } from '../session/optional-runs.ts';
import type { ModelFile, Session } from '../session/session.ts';
import type { HandlerTimings } from '../timings.ts';
import { type ChosenForm, chooseForms } from './choose-form.ts';
import { LoadError } from './load-error.ts';
import type { Loading } from './loading.ts';
import type { ObtainedFile } from './obtain-file.ts';
import { documentsOf, obtainVersion } from './obtain-version.ts';
import type { Resolved } from './resolve.ts';

/** Read with the first version that has a task. */
const taskLoader = () => import('../task/load-task.ts');

/** Read with the first run that gives an optional input. */
const optionalInputs = () => import('../session/optional-inputs.ts');

export interface LoadedModel {
  resolved: Resolved;
  /** Of the model file as published, also where an artifact made from it was loaded. */
  sha256: string;
  artifact: Artifact | undefined;
  session: Session;
  /** How requests are answered that are no tensors. */
  task: Task | undefined;
  /** For runs that give optional inputs, of which these are all. */
  optionalRuns(names: readonly string[]): Promise<OptionalRuns>;
  /** What the session was opened with. */
  file: ModelFile;
  threads: number | undefined;
  /** Files of this version in the cache. */
  paths: string[];
  timings: HandlerTimings;
}

/**
 * Brings a version into memory: the form made for exactly this runtime, else the model as published, or with tensors in
 * place of outputs that are none. `resolveMs` is what finding the version took. Throws LoadError; a wrong checksum, or a
 * pointer and a manifest that differ, never falls back to anything.
 */
export async function loadModel(loading: Loading, resolved: Resolved, resolveMs: number): Promise<LoadedModel> {
  const { optimized, plain } = chooseForms(resolved);
  if (optimized) {
    try {
      return await loadForm(loading, resolved, optimized, resolveMs);
    } catch (error) {
      // A form may be missing; a manifest may not.
      await loading.bind();
      if (!(error instanceof LoadError && isOfTheForm(error))) throw error;
      const { name, version } = resolved;
      loading.note('artifact-refused', { model: name, version, code: error.code, reason: error.message });
    }
  }
  return loadForm(loading, resolved, plain, resolveMs);
}

const isOfTheForm = ({ code }: LoadError): boolean => code === 'model-not-found' || code === 'model-unusable';

async function loadForm(
  loading: Loading,
  resolved: Resolved,
  form: ChosenForm | undefined,
  resolveMs: number,
): Promise<LoadedModel> {
  let preparing: Promise<{ importMs: number; initMs: number }> | undefined;
  const prepare = (): void => {
    preparing ??= loading.prepare?.();
    // Awaited below; a failure must not count as unhandled before that.
    preparing?.catch(() => {});
  };
  const { files, tokenizer, manifest, waitedMs } = await obtainVersion(loading, resolved, form, prepare);
  prepare();
  const runtime = await preparing;
  const bound = { ...resolved, manifest };
  const opened = await open(loading, bound, files, form);
  const all = [...files, ...opened.files];
  const asked = sinceStart();
  const task = manifest?.task && (await (await taskLoader()).loadTask(bound, tokenizer, opened.session));
  const taskMs = manifest?.task && sinceStart() - asked;
  const own = tokenizer ? [tokenizer.path] : [];
  const paths = [...all.map((file) => file.path), ...own, ...opened.folders, ...documentsOf(loading.cache, resolved)];
  const original = { path: opened.file.form === 'original' ? opened.file.path : undefined, paths };
  return {
    resolved: bound,
    sha256: resolved.sha256 ?? (files[0] as ObtainedFile).sha256,
    artifact: form?.main,
    session: opened.session,
    task,
    optionalRuns: async (names) => (await optionalInputs()).openOptionalRuns(loading, bound, names, original),
    file: opened.file,
    threads: loading.threads,
    paths,
    timings: {
      ...(runtime && { import_ms: runtime.importMs, runtime_init_ms: runtime.initMs }),
      ...sumUp(all, resolveMs + waitedMs, opened.ms, taskMs),
    },
  };
}

/** `othersMs` is what fetching took besides the files. */
function sumUp(
  files: readonly ObtainedFile[],
  othersMs: number,
  session_ms: number,
  task_ms: number | undefined,
): HandlerTimings {
  const fetch_ms = files.reduce((sum, file) => sum + file.fetchMs, othersMs);
  const verify_ms = files.reduce((sum, file) => sum + file.verifyMs, 0);
  const model_loaded_ms = fetch_ms + verify_ms + session_ms + (task_ms ?? 0);
  return { fetch_ms, verify_ms, session_ms, ...(task_ms !== undefined && { task_ms }), model_loaded_ms };
}

interface Besides {
  /** What had to be read besides. */
  files: ObtainedFile[];
  folders: string[];
}

interface Opened extends Besides {
  session: Session;
  file: ModelFile;
  /** Creating the session, ms. */
  ms: number;
}

/** Read where the model needs files beside it. */
const companionFiles = () => import('./companion-files.ts');

function formOf({ path }: ObtainedFile, form: ChosenForm | undefined): ModelFile['form'] {
  const kind = form?.main.kind ?? (isRuntimeFormat(path) ? 'cold' : 'tensors');
  return kind === 'cold' || kind === 'steady' ? kind : 'original';
}

async function open(
  loading: Loading,
  resolved: Resolved,
  [main, ...data]: readonly ObtainedFile[],
  form: ChosenForm | undefined,
): Promise<Opened> {
  const { manifest } = resolved;
  if (manifest?.task) await (await taskLoader()).prepareTask(manifest.task);
  const { reader, cache, openSession, threads } = loading;
  const model = main as ObtainedFile;
  const kind = formOf(model, form);
  const openAt = async (path: string, besides: Besides): Promise<Opened> => {
    const started = sinceStart();
    const inputs = kind === 'cold' ? resolved.manifest?.inputs : undefined;
    const file = { path, form: kind, ...(inputs && { inputs }) };
    const session = await openSession(file, threads);
    return { session, file, ms: sinceStart() - started, ...besides };
  };
  if (kind === 'original' && data.length > 0) {
    const { layOut } = await companionFiles();
    const laid = await layOut(
      cache,
      resolved,
      [model, ...data],
      resolved.data.map(({ path }) => path),
    );
    return openAt(laid.path, { files: [], folders: [laid.folder] });
  }
  try {
    return await openAt(model.path, { files: [], folders: [] });
  } catch (error) {
    const alone = kind === 'original' && error instanceof LoadError && error.code === 'model-unusable';
    if (!alone) throw error;
    const companions = await (await companionFiles()).gatherCompanions(reader, cache, resolved, model);
    if (!companions) throw error;
    return openAt(companions.path, { files: companions.files, folders: [companions.folder] });
  }
}
