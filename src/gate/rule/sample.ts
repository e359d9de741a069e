/** Durations of one cold start as the handler reports them, in ms. Phases that did not happen are absent. */
export interface Timings {
  /** Process (or platform) start to handler code running. */
  init_ms?: number;
  /** Importing the ONNX runtime. */
  import_ms?: number;
  /** Reading pointer, manifest and model bytes from the store. */
  fetch_ms?: number;
  /** Hashing that was not hidden behind the download, and comparing. */
  verify_ms?: number;
  /** Creating the session. */
  session_ms?: number;
  /** Reading what requests and answers are made with; of models with a task. */
  task_ms?: number;
  /** fetch + verify + session + task. The default metric of the gate. */
  model_loaded_ms?: number;
  first_run_ms?: number;
  second_run_ms?: number;
  /** Time inside the handler for the request that was cold. */
  handler_ms?: number;
  /**
   * Measured by the caller, from request sent to response read; includes what the platform does before the handler
   * runs.
   */
  round_trip_ms?: number;
}

export type Metric = keyof Timings;

export const metrics: readonly Metric[] = [
  'model_loaded_ms',
  'init_ms',
  'import_ms',
  'fetch_ms',
  'verify_ms',
  'session_ms',
  'task_ms',
  'first_run_ms',
  'second_run_ms',
  'handler_ms',
  'round_trip_ms',
];

export type Arm = 'candidate' | 'baseline';

/** What the platform itself reports on an invocation: Lambda's REPORT line. */
export interface PlatformReport {
  /** The platform's own initialisation; reported for cold starts only. */
  init_ms?: number;
  duration_ms?: number;
  billed_ms?: number;
  memory_mb?: number;
  max_memory_mb?: number;
}

/** One forced cold start. `ok` only with proof: a new instance, its cold flag, the right version and sha256. */
export interface ColdStart {
  status: 'ok' | 'timeout' | 'failed';
  /** What went wrong, in words, when not ok. */
  note?: string;
  instance_id?: string;
  version?: string;
  sha256?: string;
  /** Version of Node that it ran on: platforms patch it under a function, without a new revision. */
  node?: string;
  timings: Timings;
  platform?: PlatformReport;
}

/** A cold start in its place in the measurement. */
export interface GateSample extends ColdStart {
  arm: Arm;
  /** 0-based pair; discarded starts count too. */
  pair: number;
  /** Position in the whole run, 0-based, so that drift can be seen. */
  order: number;
  /** When it began, ISO 8601. */
  at: string;
  /** The first starts of an arm warm caches of the platform and are reported apart. */
  discarded: boolean;
}
