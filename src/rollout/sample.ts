import { ColdgateError } from '../errors.ts';
import type { ColdStart } from '../gate/rule/sample.ts';
import type { ColdInstance } from './cold-instance.ts';
import { type Rollout, whileMoved } from './context.ts';
import type { Deployed, FunctionView } from './platform.ts';
import { judgeStart } from './proof/judge-start.ts';
import type { SampleRequest } from './target.ts';
import { wantedOf } from './wanted.ts';

/**
 * One cold start: an instance that nothing has warmed, pinned to the version, until it reports that it has loaded the
 * model and run the sample. Never throws for a bad start, whose status shows it. Throws the signal's reason when the
 * run is aborted, and ColdgateError where the platform refuses what the next start would need as well.
 */
export async function sampleCold<R extends Deployed, V extends FunctionView<R>>(
  rollout: Rollout<R, V>,
  request: SampleRequest,
): Promise<ColdStart> {
  const { platform, seen } = rollout;
  const signal = request.signal ? AbortSignal.any([rollout.signal, request.signal]) : rollout.signal;
  signal.throwIfAborted();
  for (const instance of request.known ?? []) seen.add(instance);
  const wanted = wantedOf(platform, { ...request, role: 'candidate' }, 'candidate');
  const options = { signal, again: <T>(attempt: () => Promise<T>) => whileMoved(rollout, attempt) };
  try {
    return judge(await platform.startCold(request, wanted, options), request, seen);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ColdgateError) throw error;
    return { status: 'failed', note: (error as Error).message.split('\n')[0] ?? 'unknown failure', timings: {} };
  }
}

/** Counts a start only with proof. An instance that has answered before is not cold, whatever the platform reports. */
function judge(started: ColdInstance, request: SampleRequest, seen: Set<string>): ColdStart {
  const { outcome, revision, instanceId, roundTripMs, report, notCold, remark } = started;
  const start: ColdStart =
    'answer' in outcome
      ? judgeStart(outcome.answer, { request, revision, instanceId, seen, roundTripMs })
      : { ...outcome, timings: {} };
  const platform = report && { platform: report };
  if (start.status === 'ok' && notCold !== undefined) return { ...start, ...platform, status: 'failed', note: notCold };
  const note = start.status !== 'ok' && remark !== undefined ? { note: `${start.note}; ${remark}` } : {};
  return { ...start, ...platform, ...note };
}
