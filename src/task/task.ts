import type { TensorInfo } from '../model/tensor-info.ts';
import type { ParsedTensor } from '../model/tensor-json.ts';

export type Tensors = Map<string, ParsedTensor>;

/** The tensors that the model takes and gives. */
export interface Signature {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

export type Schema = Record<string, unknown>;

/** A body, as JSON that was parsed or as bytes of another media type. */
export type TaskBody = { json: unknown } | { type: string; bytes: Uint8Array };

/** A request, or one input of it, that a task refuses. The message goes to the caller verbatim. */
export class TaskError extends Error {
  readonly status: 400 | 413 | 415 | 422;
  readonly code: string;

  constructor(status: TaskError['status'], code: string, message: string) {
    super(message);
    this.name = 'TaskError';
    this.status = status;
    this.code = code;
  }
}

/** @param place in the body: `texts[2].pair` */
export const badRequest = (place: string, expected: string, got: string): TaskError =>
  new TaskError(400, 'bad-input', `${place ? `${place}: ` : ''}expected ${expected}, got ${got}.`);

/** Inputs that are answered by one run of the model. */
export interface TaskRun {
  /** Their places in the list that was given. */
  items: readonly number[];
  feeds: Tensors;
  /** The outputs that are read. */
  outputs: readonly string[];
  /** One prediction, or refusal, for each of `items`, in their order. Throws TaskError where it is about all of them. */
  answer(outputs: Tensors): readonly unknown[] | Promise<readonly unknown[]>;
}

/** Inputs that no run can answer. */
export interface Refusal {
  items: readonly number[];
  error: TaskError;
}

/**
 * What a version's `task` makes of requests and of what the model answers. Opened once for a version; holds no state
 * of requests. `Item` is one input of a request, which gets one prediction.
 */
export interface Task<Item = unknown> {
  readonly kind: string;
  /** Media types that it takes besides JSON, for the message of 415. */
  readonly types: readonly string[];
  /** A request that any model of the kind can answer, as JSON; undefined where none can be made up. */
  readonly example: unknown;
  /** JSON Schemas of a request and of one prediction, for OpenAPI. */
  readonly schemas: { request: Schema; prediction: Schema };
  /**
   * Reads a body: an input that is wrong is an error in its place. Throws TaskError where the body as a whole is wrong;
   * 415 for a type that it does not take.
   */
  read(body: TaskBody): readonly (Item | TaskError)[] | Promise<readonly (Item | TaskError)[]>;
  /**
   * Makes the runs that answer these inputs, one at a time, so that the tensors of one are gone before the next are made.
   * @param alone a run for each input, for when the others must not matter
   */
  runs(items: readonly Item[], alone: boolean): Iterable<TaskRun | Refusal> | AsyncIterable<TaskRun | Refusal>;
}

/** Files of the version that a task reads, verified. */
export interface TaskFiles {
  /** The compiled tokenizer. */
  tokenizer?: Uint8Array;
}
