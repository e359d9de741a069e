import type { ServedModel } from './served-model.ts';

/** Inferences of one loaded version since it was loaded in this instance. */
export interface RunCounts {
  succeeded: { count: number; ms: number };
  failed: { count: number; ms: number };
  /** When the last one ended, ms since 1970; 0 before the first. */
  lastAt: number;
}

const counts = new WeakMap<ServedModel, RunCounts>();

export function runsOf(model: ServedModel): RunCounts {
  let found = counts.get(model);
  if (!found) {
    found = { succeeded: { count: 0, ms: 0 }, failed: { count: 0, ms: 0 }, lastAt: 0 };
    counts.set(model, found);
  }
  return found;
}

export function countRun(model: ServedModel, outcome: 'succeeded' | 'failed', ms: number): void {
  const found = runsOf(model);
  found[outcome].count++;
  found[outcome].ms += ms;
  found.lastAt = Date.now();
}
