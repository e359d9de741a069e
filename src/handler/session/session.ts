import type { TensorInfo } from '../../model/tensor-info.ts';
import type { ParsedTensor } from '../../model/tensor-json.ts';
import type { SessionLost } from './session-lost.ts';

export type Tensors = Map<string, ParsedTensor>;

/** A verified model file on this machine's disk, under a name that is never written to again. */
export interface ModelFile {
  path: string;
  /** Which form it is; decides the session's options. */
  form: 'original' | 'cold' | 'steady';
  /** Where the files lie that it keeps tensors in, if not beside it. */
  folder?: string;
  /** Inputs as the version declares them, for a form that has no shapes of its own. */
  inputs?: readonly TensorInfo[];
}

/** A session that can be used no longer. */
export interface Loss {
  error: SessionLost;
  /** Resolves when its thread has ended. Native code cannot be interrupted, so that may be never. */
  threadEnded: Promise<void>;
}

/** A loaded model. Inputs and outputs are what the runtime read from the file itself. */
export interface Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Resolves when the session is lost, which only one in a separate thread can be. Never rejects. */
  readonly lost?: Promise<Loss>;
  /**
   * Runs the model on inputs that were checked against `inputs`; `outputs` selects some. Rejects with RunError where
   * the graph itself refuses the values, and with SessionLost.
   */
  run(feeds: Tensors, outputs?: readonly string[]): Promise<Tensors>;
  /** Frees native memory. Nothing may be running. */
  close(): Promise<void>;
}

/** The tensors that callers give and get. */
export type Signature = Pick<Session, 'inputs' | 'outputs'>;

/**
 * Opens a session: in this thread on a cold start, else in a separate thread, where a run may take `runTimeoutMs`.
 * Throws LoadError `model-unusable` or `runtime-unavailable`.
 */
export type OpenSession = (file: ModelFile, threads: number | undefined, runTimeoutMs?: number) => Promise<Session>;
