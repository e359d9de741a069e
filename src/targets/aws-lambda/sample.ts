import type { ColdStart, PlatformReport } from '../../gate/sample.ts';
import { CallTimeout } from '../proof/http.ts';
import { judgeStart } from '../proof/judge-start.ts';
import { warmPath } from '../proof/prove.ts';
import type { SampleRequest } from '../target.ts';
import { removeVersion } from './deploy.ts';
import { answerOf, invoke } from './endpoint.ts';
import { ensureFunction, publish } from './publish.ts';
import { readReport } from './report-line.ts';
import { sampleOf, type Wanted, wantedOf } from './wanted.ts';
import { converge, type World } from './world.ts';

/** What one target remembers between its samples. */
export interface Sampling {
  /** Instances that have answered before: a cold start has a new one. */
  seen: Set<string>;
  /** Ends when `$LATEST` is free again: publications of one run go one after the other. */
  workbench: Promise<unknown>;
}

/**
 * One cold start: a version published for it alone, so that no environment of it can exist, is invoked once and removed.
 * The clock runs over the invocation. Never throws for a bad start; throws the signal's reason when the run is to end,
 * and ColdgateError where AWS refuses to publish, which the next start would meet again.
 */
export async function sampleCold(world: World, sampling: Sampling, request: SampleRequest): Promise<ColdStart> {
  const signal = request.signal ? AbortSignal.any([world.signal, request.signal]) : world.signal;
  signal.throwIfAborted();
  const { settings, version } = request;
  const wanted = sampleOf(wantedOf(world.settings, { ...request, role: 'candidate' }), world.now());
  const published = sampling.workbench.then(() => publishSample(world, request, wanted));
  sampling.workbench = published.catch(() => undefined);
  const { name, number } = await published;
  try {
    return await measure(world, { name, number, wanted, request, seen: sampling.seen, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CallTimeout) return { status: 'timeout', note: error.message, timings: {} };
    return { status: 'failed', note: (error as Error).message.split('\n')[0] ?? 'unknown failure', timings: {} };
  } finally {
    await removeVersion(world, name, number).catch((error: Error) => {
      world.log.debug(`The sample version ${number} of ${settings.name} (${version}) stays: ${error.message}`);
    });
  }
}

function publishSample(
  world: World,
  request: SampleRequest,
  wanted: Wanted,
): Promise<{ name: string; number: string }> {
  return converge(world, async () => {
    const state = await ensureFunction(world, request.settings.name, wanted, request.package);
    const { version } = await publish(world, state, wanted, request.package);
    return { name: state.name, number: version.number };
  });
}

interface Measurement {
  name: string;
  number: string;
  wanted: Wanted;
  request: SampleRequest;
  seen: Set<string>;
  signal: AbortSignal;
}

async function measure(world: World, measurement: Measurement): Promise<ColdStart> {
  const { name, number, wanted, request, seen, signal } = measurement;
  const began = performance.now();
  const invoked = await invoke(world, { name, qualifier: number }, warmPath, { timeoutMs: request.timeoutMs, signal });
  const roundTripMs = performance.now() - began;
  return checkedBy(readReport(invoked.output.LogResult), judge());

  function judge(): ColdStart {
    try {
      return judgeStart(answerOf(invoked), { request, revision: wanted.revision, seen, roundTripMs });
    } catch (error) {
      const note = (error as Error).message;
      return { status: /Task timed out/.test(note) ? 'timeout' : 'failed', note, timings: {} };
    }
  }
}

/**
 * Lambda tells the initialisation of cold starts alone, and not of one that took over 10 s, which it cuts off and repeats
 * inside the call (facts: P18): neither is the start that is to be measured.
 */
function checkedBy(platform: PlatformReport | undefined, start: ColdStart): ColdStart {
  if (!platform) return start;
  const { init_ms, memory_mb = 0, max_memory_mb = 0 } = platform;
  if (start.status === 'ok' && init_ms === undefined) {
    const note = 'Lambda reports no initialisation of it: it was not cold, or was begun anew after more than 10 s';
    return { ...start, platform, status: 'failed', note };
  }
  const full = start.status !== 'ok' && memory_mb > 0 && max_memory_mb >= memory_mb;
  return { ...start, platform, ...(full && { note: `${start.note}; it used all of its ${memory_mb} MB` }) };
}
