import type { PlatformReport } from '../../gate/rule/sample.ts';
import type { ColdInstance, ColdOptions } from '../../rollout/cold-instance.ts';
import type { Wanted } from '../../rollout/platform.ts';
import { CallTimeout } from '../../rollout/proof/http.ts';
import { warmPath } from '../../rollout/proof/prove.ts';
import type { SampleRequest } from '../../rollout/target.ts';
import type { LambdaContext } from './context.ts';
import { answerOf, type Invoked, invoke } from './invoke.ts';
import { ensureFunction, publish } from './publish.ts';
import { removeSample } from './remove.ts';
import { readReport } from './report-line.ts';
import { detailsOf, type LambdaWanted, sampleOf } from './wanted.ts';

/** Publications of one run go one after the other, since they share `$LATEST`. */
export interface PublishQueue {
  /** Ends when `$LATEST` is free again. */
  last: Promise<unknown>;
}

/**
 * A version published for one start alone, so that no environment of it can exist, is invoked once and removed. The clock
 * runs over the invocation. Throws ColdgateError where AWS refuses to publish.
 */
export async function startCold(
  context: LambdaContext,
  queue: PublishQueue,
  request: SampleRequest,
  wanted: Wanted,
  { signal, again }: ColdOptions,
): Promise<ColdInstance> {
  const sample = sampleOf(detailsOf(context.settings, request, wanted), context.now());
  const published = queue.last.then(() => again(() => publishSample(context, request, sample)));
  queue.last = published.catch(() => undefined);
  const { name, number } = await published;
  const { revision } = sample;
  const began = performance.now();
  try {
    const call = { timeoutMs: request.timeoutMs, signal };
    const invoked = await invoke(context, { name, qualifier: number }, warmPath, call);
    return { revision, roundTripMs: performance.now() - began, ...outcomeOf(invoked) };
  } catch (error) {
    signal.throwIfAborted();
    const status = error instanceof CallTimeout ? 'timeout' : 'failed';
    const note = (error as Error).message.split('\n')[0] ?? 'unknown failure';
    return { revision, roundTripMs: performance.now() - began, outcome: { status, note } };
  } finally {
    await removeSample(context, name, number);
  }
}

async function publishSample(
  context: LambdaContext,
  request: SampleRequest,
  sample: LambdaWanted,
): Promise<{ name: string; number: string }> {
  const state = await ensureFunction(context, request.settings.name, sample, request.package);
  const { version } = await publish(context, state, sample, request.package);
  return { name: state.name, number: version.id };
}

function outcomeOf(invoked: Invoked): Pick<ColdInstance, 'outcome' | 'report' | 'notCold' | 'remark'> {
  const report = readReport(invoked.output.LogResult);
  const reported = report && { report, ...remarksOf(report) };
  try {
    return { outcome: { answer: answerOf(invoked) }, ...reported };
  } catch (error) {
    const note = (error as Error).message;
    return { outcome: { status: /Task timed out/.test(note) ? 'timeout' : 'failed', note }, ...reported };
  }
}

/**
 * Lambda reports an initialisation only for cold starts, and not for one that took over 10 s, which it aborts and
 * repeats inside the call (docs/facts.md P18): a start without one must not be measured.
 */
function remarksOf({
  init_ms,
  memory_mb = 0,
  max_memory_mb = 0,
}: PlatformReport): Pick<ColdInstance, 'notCold' | 'remark'> {
  const notCold = 'Lambda reports no initialisation of it: it was not cold, or was restarted after more than 10 s';
  const isFull = memory_mb > 0 && max_memory_mb >= memory_mb;
  return {
    ...(init_ms === undefined && { notCold }),
    ...(isFull && { remark: `it used all of its ${memory_mb} MB` }),
  };
}
