import type { Artifact } from './manifest.ts';
import { check, type Shape } from './shape.ts';

export interface GateRecord {
  verdict: 'pass' | 'regression' | 'inconclusive' | 'none';
  /** Hodges-Lehmann ratio candidate / live and its bounds; absent without a comparison. */
  ratio?: number;
  lower?: number;
  upper?: number;
}

/**
 * `current.json`: what is live. `version` and `sha256` (of the model file) stay first, so that clients written against
 * the plain layout go on working. The same document, unchanged, is the history record of the move that wrote it.
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
  /** Path of the model file inside the version, and its bytes. */
  file: string;
  size: number;
  /** sha256 of manifest.json's bytes. */
  manifest_sha256: string;
  artifacts: Artifact[];
  previous: { version: string; sha256: string } | null;
  promoted_at: string;
  actor: string;
  run_url: string | null;
  gate: GateRecord;
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
  promoted_at: 'string',
  actor: 'string',
  gate: 'object',
};

/** Reads a pointer or a history record from stored bytes. Throws ShapeError naming the field. */
export function parsePointer(bytes: Uint8Array, what = 'current.json'): Pointer {
  return check<Pointer>(bytes, pointerShape, what);
}

/** The stored form: readable, fields in the declared order, newline at the end. */
export function encodeJson(document: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(document, null, 2)}\n`, 'utf8');
}
