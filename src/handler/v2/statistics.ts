import { type RunCounts, runsOf } from '../run-counts.ts';
import type { ServedModel } from '../served-model.ts';

/**
 * What Triton's statistics extension tells of a version, as far as it is known here: single inferences, which wait in no
 * queue, of this instance.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
 */
export function describeStatistics(model: ServedModel): Record<string, unknown> {
  const { succeeded, failed, lastAt } = runsOf(model);
  const [success, fail, none] = [inNanoseconds(succeeded), inNanoseconds(failed), { count: 0, ns: 0 }];
  return {
    name: model.name,
    version: model.version,
    last_inference: lastAt,
    inference_count: success.count,
    execution_count: success.count,
    inference_stats: {
      ...{ success, fail, queue: none, compute_input: none, compute_infer: success, compute_output: none },
      ...{ cache_hit: none, cache_miss: none },
    },
    batch_stats: [],
  };
}

const inNanoseconds = ({ count, ms }: RunCounts['succeeded']) => ({ count, ns: Math.round(ms * 1e6) });
