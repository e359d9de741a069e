import type { InferenceSession } from 'onnxruntime-common';
import type { ModelFile } from './session.ts';

/**
 * Measured in research on cold starts: memory patterns make the second run of a convolution net as slow as the first and
 * cost memory; the arena stays on, because without it large nets run three times slower. The `cold` form is mapped, and
 * its weights are used in place, unpacked; that is only sound for a file that is never written to again.
 */
export function sessionOptions(form: ModelFile['form'], threads: number | undefined): InferenceSession.SessionOptions {
  // 4, fatal alone: what the runtime prints about inputs that it refuses may hold their values.
  const options: InferenceSession.SessionOptions = { enableMemPattern: false, logSeverityLevel: 4 };
  if (threads !== undefined) {
    options.intraOpNumThreads = threads;
    options.interOpNumThreads = 1;
  }
  if (form !== 'cold') return options;
  return {
    ...options,
    graphOptimizationLevel: 'disabled',
    // Typed as for the web build alone, but the Node binding passes every key on; values must be strings.
    extra: {
      session: {
        load_model_format: 'ORT',
        use_memory_mapped_ort_model: '1',
        use_ort_model_bytes_for_initializers: '1',
        disable_prepacking: '1',
      },
    },
  };
}
