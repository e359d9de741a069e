import type { InferenceSession } from 'onnxruntime-common';
import type { ModelFile } from './session.ts';

/**
 * Measured in research on cold starts: memory patterns make the second run of a convolution net as slow as the first and
 * cost memory; the arena stays on, because without it large nets run three times slower. Threads of the runtime that wait
 * spin for 50 us and sleep then, where its default is to spin on: a function's CPUs are shared or rationed, and what spins
 * there is taken from the run itself, from loading and from the event loop. Against sleeping at once, medians of a 90 MB
 * encoder on 2 CPUs: free CPUs, first run 0.84 to 0.89 and warm run 0.79 to 0.84 (spinning on: 0.79, 0.79); both CPUs
 * busy with something else, 1.08 to 1.19 and 1.14 to 1.21 (spinning on: 1.73, 1.86).
 * The number of threads is always said: the runtime pins those that it counts itself to a CPU each, where they then wait for
 * whoever is there, this process's main thread among them (medians of 100 starts with 90 MB: 123 ms beside 129).
 * The `cold` form is mapped, and its weights are used in place, unpacked; that is only sound for a file that is never
 * written to again.
 */
export function sessionOptions(form: ModelFile['form'], threads: number): InferenceSession.SessionOptions {
  const cold = form === 'cold';
  return {
    enableMemPattern: false,
    // 4, fatal alone: what the runtime prints about inputs that it refuses may hold their values.
    logSeverityLevel: 4,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    ...(cold && { graphOptimizationLevel: 'disabled' as const }),
    // Typed as for the web build alone, but the Node binding passes every key on; values must be strings.
    extra: { session: { intra_op: { spin_duration_us: '50' }, ...(cold && mappedInPlace) } },
  };
}

const mappedInPlace = {
  load_model_format: 'ORT',
  use_memory_mapped_ort_model: '1',
  use_ort_model_bytes_for_initializers: '1',
  disable_prepacking: '1',
};
