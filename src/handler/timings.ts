/**
 * Durations of one start in ms; phases that did not happen are absent. The words of docs/handler.md and of the gate's
 * `Timings`, which this is a superset of.
 */
export interface HandlerTimings {
  /** Process (or platform) start to handler code running. */
  init_ms?: number;
  /** Importing the ONNX runtime's JavaScript and native code. */
  import_ms?: number;
  /** The runtime building its own environment; the same for every model. */
  runtime_init_ms?: number;
  fetch_ms?: number;
  verify_ms?: number;
  session_ms?: number;
  /** Opening the version's task; absent without one. */
  task_ms?: number;
  /** fetch + verify + session + task: what this model costs a start. */
  model_loaded_ms?: number;
  first_run_ms?: number;
  second_run_ms?: number;
  handler_ms?: number;
}

/** Microseconds are the clock's honest precision. */
export const roundMs = (ms: number): number => Math.round(ms * 1000) / 1000;

export function roundTimings(timings: HandlerTimings): HandlerTimings {
  const entries = Object.entries(timings).filter(([, ms]) => ms !== undefined);
  return Object.fromEntries(entries.map(([name, ms]) => [name, roundMs(ms as number)]));
}
