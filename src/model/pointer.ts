import { isArtifactPath } from './layout.ts';
import type { Artifact, FileEntry } from './manifest.ts';
import { isFilePath, isVersion } from './names.ts';
import { check, checkValue, type Shape, ShapeError } from './shape.ts';

export interface GateRecord {
  verdict: 'pass' | 'regression' | 'inconclusive' | 'none';
  /** Hodges-Lehmann ratio candidate / live and its bounds; absent without a comparison. */
  ratio?: number;
  lower?: number;
  upper?: number;
}

/**
 * `current.json`: what is live. `version` and `sha256` (of the model file) stay first, so that clients written against
 * the plain layout keep working. The same document, unchanged, is the history record of the move that wrote it.
 */
export interface Pointer {
  version: string;
  sha256: string;
  schema: 1;
  /** 1 for the first promotion, one more for each move. */
  sequence: number;
  /** Unique to the move; recognises our own write after an ambiguous answer. */
  promotion_id: string;
  kind: 'promotion' | 'rollback';
  /**
   * What asked for the move: `ship`, which follows models.yaml, or `promote`, `rollback`, `watch`, which take precedence
   * over it. Absent in pointers of earlier releases.
   */
  verb?: string;
  /** Path of the model file inside the version, and its bytes. */
  file: string;
  size: number;
  /** sha256 of manifest.json's bytes. */
  manifest_sha256: string;
  artifacts: Artifact[];
  /**
   * Of a model that keeps tensors in other files: all that the runtime needs, the model first, so that a start finds them
   * without the manifest. Absent in pointers of earlier releases.
   */
  files?: FileEntry[];
  /** As in the manifest. */
  unbounded?: boolean;
  previous: { version: string; sha256: string } | null;
  promoted_at: string;
  actor: string;
  run_url: string | null;
  gate: GateRecord;
  /**
   * Set to a new value by each prune before it deletes anything, and kept by moves: what was read before it may be
   * deleted.
   */
  fence?: string;
}

const pointerShape: Shape = {
  version: 'string',
  sha256: 'sha256',
  schema: 'count',
  sequence: 'count',
  promotion_id: 'string',
  kind: 'string',
  file: 'string',
  size: 'count',
  manifest_sha256: 'sha256',
  artifacts: [{ path: 'string', sha256: 'sha256', size: 'count', kind: 'string', runtime_version: 'string' }],
  'files?': [{ path: 'string', sha256: 'sha256', size: 'count' }],
  promoted_at: 'string',
  actor: 'string',
  gate: 'object',
};

const previousShape: Shape = { version: 'string', sha256: 'sha256' };

const isId = (value: unknown): boolean => typeof value === 'string' && /^[0-9A-Za-z-]{1,64}$/.test(value);

/**
 * Reads a pointer or a history record from stored bytes; `what` is how messages name the document. Paths and versions
 * are safe to build keys from. Throws ShapeError naming the field.
 */
export function parsePointer(bytes: Uint8Array, what = 'current.json'): Pointer {
  const pointer = check<Pointer>(bytes, pointerShape, what);
  const must = (fine: boolean, field: string, expected: string) => {
    if (!fine) throw new ShapeError(what, field, expected);
  };
  must(pointer.schema === 1, 'schema', '1, the only form that this release reads');
  must(isVersion(pointer.version), 'version', 'a semantic version');
  must(pointer.sequence >= 1, 'sequence', 'a whole number of at least 1');
  must(isId(pointer.promotion_id), 'promotion_id', 'letters, digits and "-"');
  must(pointer.fence === undefined || isId(pointer.fence), 'fence', 'letters, digits and "-"');
  must(pointer.kind === 'promotion' || pointer.kind === 'rollback', 'kind', '"promotion" or "rollback"');
  must(pointer.verb === undefined || typeof pointer.verb === 'string', 'verb', 'text');
  must(isFilePath(pointer.file), 'file', 'a path inside the version');
  for (const [at, { path }] of pointer.artifacts.entries()) {
    must(isArtifactPath(path), `artifacts[${at}].path`, 'a path below artifacts/');
  }
  for (const [at, { path }] of (pointer.files ?? []).entries()) {
    must(isFilePath(path), `files[${at}].path`, 'a path inside the version');
  }
  // A reader that lives for years in a function takes what is missing as nothing.
  pointer.run_url ??= null;
  pointer.previous ??= null;
  must(pointer.run_url === null || typeof pointer.run_url === 'string', 'run_url', 'text or null');
  if (pointer.previous !== null) {
    checkValue(pointer.previous, previousShape, what, 'previous');
    must(isVersion(pointer.previous.version), 'previous.version', 'a semantic version');
  }
  return pointer;
}

/** The stored form: readable, fields in the declared order, newline at the end. */
export function encodeJson(document: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(document, null, 2)}\n`, 'utf8');
}
