import type { TensorInfo } from '../model/manifest.ts';
import type { ParsedTensor } from '../model/tensor-json.ts';

export type Tensors = Map<string, ParsedTensor>;

/** A model file on this machine's disk, verified, under a name that nobody writes to again. */
export interface ModelFile {
  path: string;
  /** Which form it is; decides the session's options. */
  form: 'original' | 'cold' | 'steady';
}

/** A loaded model. Inputs and outputs are what the runtime read from the file itself. */
export interface Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /**
   * Runs the model on inputs that were checked against `inputs`; `outputs` selects some. Rejects with RunError where
   * the graph itself refuses the values.
   */
  run(feeds: Tensors, outputs?: readonly string[]): Promise<Tensors>;
  /** Frees native memory. Nothing may be running. */
  close(): Promise<void>;
}

/**
 * Opens a session: in this thread on a cold start, in a worker when a new version is loaded beside the one that is
 * serving. Throws LoadError `model-unusable` or `runtime-unavailable`.
 */
export type OpenSession = (file: ModelFile, threads: number | undefined) => Promise<Session>;
