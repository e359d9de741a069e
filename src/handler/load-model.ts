import { performance } from 'node:perf_hooks';
import type { Artifact } from '../model/manifest.ts';
import { LoadError } from './load-error.ts';
import type { ModelCache } from './model-cache.ts';
import { type ObtainedFile, obtainFile } from './obtain-file.ts';
import type { Reader } from './reader.ts';
import type { Resolved } from './resolve.ts';
import { runtimeVersion } from './runtime.ts';
import type { OpenSession, Session } from './session.ts';
import type { HandlerTimings } from './timings.ts';

export interface Loading {
  reader: Reader;
  cache: ModelCache;
  threads: number | undefined;
  openSession: OpenSession;
  /** Brings the runtime into this thread; absent where the session brings its own. */
  prepare?: (() => Promise<{ importMs: number; initMs: number }>) | undefined;
  /** Tells the operator what went differently from the plan. */
  note(event: string, facts: Record<string, unknown>): void;
}

export interface LoadedModel {
  resolved: Resolved;
  /** Of the model file as published, also where an artifact made from it was loaded. */
  sha256: string;
  artifact: Artifact | undefined;
  session: Session;
  /** Files of this version in the cache. */
  paths: string[];
  timings: HandlerTimings;
}

/**
 * Brings a version into memory: the artifact made for exactly this runtime, else the model as published.
 * `resolveMs` is what finding the version took. Throws LoadError; a wrong checksum never falls back to anything.
 */
export async function loadModel(loading: Loading, resolved: Resolved, resolveMs: number): Promise<LoadedModel> {
  const artifact = resolved.artifacts.find((one) => one.runtime_version === runtimeVersion && isKnown(one.kind));
  if (artifact) {
    try {
      return await loadFile(loading, resolved, artifact, resolveMs);
    } catch (error) {
      const code = error instanceof LoadError ? error.code : undefined;
      if (code !== 'model-not-found' && code !== 'model-unusable') throw error;
      loading.note('artifact-refused', {
        model: resolved.name,
        version: resolved.version,
        code,
        reason: messageOf(error),
      });
    }
  }
  return loadFile(loading, resolved, undefined, resolveMs);
}

const isKnown = (kind: string): boolean => kind === 'cold' || kind === 'steady';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function loadFile(
  loading: Loading,
  resolved: Resolved,
  artifact: Artifact | undefined,
  resolveMs: number,
): Promise<LoadedModel> {
  let preparing: Promise<{ importMs: number; initMs: number }> | undefined;
  const prepare = (): void => {
    preparing ??= loading.prepare?.();
    // Awaited below; a failure must not count as unhandled before that.
    preparing?.catch(() => {});
  };
  const onBytesComing = loading.reader.remote ? prepare : undefined;
  const files = await obtainFiles(loading, resolved, artifact, onBytesComing);
  prepare();
  const runtime = await preparing;
  const started = performance.now();
  const [main] = files as [ObtainedFile, ...ObtainedFile[]];
  const session = await loading.openSession({ path: main.path, form: formOf(main, artifact) }, loading.threads);
  const session_ms = performance.now() - started;
  const fetch_ms = files.reduce((sum, file) => sum + file.fetchMs, resolveMs);
  const verify_ms = files.reduce((sum, file) => sum + file.verifyMs, 0);
  return {
    resolved,
    sha256: resolved.sha256 ?? main.sha256,
    artifact,
    session,
    paths: files.map((file) => file.path),
    timings: {
      ...(runtime && { import_ms: runtime.importMs, runtime_init_ms: runtime.initMs }),
      fetch_ms,
      verify_ms,
      session_ms,
      model_loaded_ms: fetch_ms + verify_ms + session_ms,
    },
  };
}

const formOf = (file: ObtainedFile, artifact: Artifact | undefined): 'original' | 'cold' | 'steady' =>
  artifact?.kind ?? (file.path.endsWith('.ort') ? 'cold' : 'original');

/** The model first; the weights of a `steady` artifact lie beside it under the name that it refers to. */
async function obtainFiles(
  { reader, cache }: Loading,
  resolved: Resolved,
  artifact: Artifact | undefined,
  onBytesComing: (() => void) | undefined,
): Promise<ObtainedFile[]> {
  const folder = resolved.key.slice(0, resolved.key.lastIndexOf('/') + 1);
  if (!artifact) {
    const extension = resolved.key.endsWith('.ort') ? 'ort' : 'onnx';
    const { sha256, size } = resolved;
    const expected = sha256 !== undefined && size !== undefined ? { sha256, size } : undefined;
    return [await obtainFile(reader, cache, { key: resolved.key, extension, expected, onBytesComing })];
  }
  const extension = artifact.kind === 'cold' ? 'ort' : 'onnx';
  return [
    await obtainFile(reader, cache, { key: folder + artifact.path, extension, expected: artifact, onBytesComing }),
  ];
}
