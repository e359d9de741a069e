import { randomUUID } from 'node:crypto';
import { pause } from '../../pause.ts';
import type { ColdInstance, ColdOptions } from '../../rollout/cold-instance.ts';
import type { Wanted } from '../../rollout/platform.ts';
import { CallTimeout } from '../../rollout/proof/http.ts';
import { warmPath } from '../../rollout/proof/prove.ts';
import type { SampleRequest } from '../../rollout/target.ts';
import type { RunContext } from './context.ts';
import { sampleEndpoint } from './endpoint.ts';
import { readStart, type StartLines } from './logs.ts';
import { revisionName, serviceName, tagOf } from './names.ts';
import { observe } from './observe.ts';
import { sourceOf } from './package-object.ts';
import { endedSamples, removeOrLeave, sweep } from './prune.ts';
import { ensureService } from './publish.ts';
import { secondStart } from './second-start.ts';
import { notEnded, skippingCheck } from './skip-check.ts';
import type { RunState } from './state.ts';
import { soundTraffic, uriOfTag, withoutTags, withTag } from './traffic.ts';
import { update } from './update.ts';
import { detailsOf, type RunWanted, templateOf } from './wanted.ts';

/** How long a sample may lie about when its run was killed, ms. */
const sampleLifeMs = 30 * 60_000;
/** Changes a minute that samples leave room for: Cloud Run takes 60 by default, and others deploy too. */
const maxWrites = 50;
const betweenMs = 1000;
/** The system's lines come late; a start is not held up for longer than this, ms. */
const logWaitMs = 1500;

/** Samples of one run go one after the other, since they share the service's template and list of tags. */
export interface SampleQueue {
  last: Promise<unknown>;
  /** Starts in a row whose lines were not there in time. */
  withoutLines: number;
}

interface Started {
  state: RunState;
  revision: string;
  url: string;
  /** Samples of before that have lost their tag with this change. */
  untagged: string[];
  /** What ends the instance that was started at deployment; undefined where none was. */
  endKey: string | undefined;
}

/**
 * Creates a revision for one start only. Cloud Run starts no instance of it before its first request, whose start is
 * measured. It stays without instances until the next change removes its tag. Throws ColdgateError where Google refuses
 * to create it.
 */
export async function startCold(
  context: RunContext,
  queue: SampleQueue,
  request: SampleRequest,
  wanted: Wanted,
  { signal, again }: ColdOptions,
): Promise<ColdInstance> {
  const began = queue.last.then(async () => {
    while (context.calls.writes() >= maxWrites) await pause(betweenMs, signal);
    return again(() => makeSample(context, request, sampleOf(wanted, context.now())));
  });
  queue.last = began.catch(() => undefined);
  const { started, reports } = await began;
  const instance = await ask(context, started, reports, request, signal);
  const lines = await linesOf(context, queue, started);
  for (const id of started.untagged) await removeOrLeave(context, started.state, id);
  return { ...instance, ...reportOf(lines, started.endKey !== undefined) };
}

/** Takes the tag of the last sample away, and what the run has measured otherwise. Throws only when the run is aborted. */
export async function endSampling(context: RunContext, name: string): Promise<void> {
  if (!context.measured.get(serviceName(name))?.size) return;
  try {
    const state = await observe(context, name);
    if (state) await sweep(context, state);
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.debug(`The last sample of ${name} stays: ${(error as Error).message}`);
  }
}

/** A sample runs what a candidate would, under a separate name. */
function sampleOf(wanted: Wanted, now: Date): RunWanted {
  const until = new Date(now.getTime() + sampleLifeMs).toISOString();
  return { ...detailsOf(wanted), purpose: 'sample', until, reports: `sample-${randomUUID().slice(0, 12)}` };
}

async function makeSample(
  context: RunContext,
  request: SampleRequest,
  wanted: RunWanted,
): Promise<{ started: Started; reports: string }> {
  const state = await ensureService(context, request, wanted);
  const source = await sourceOf(context, request);
  const revision = revisionName(state.name, 'sample', wanted.reports);
  const tag = tagOf('sample', revision);
  const over = new Set(endedSamples(context, state).map(({ id }) => id));
  const kept = withoutTags(soundTraffic(state), (_tag, of) => of !== undefined && over.has(of));
  const traffic = withTag(kept, tag, revision);
  // Known as ours before it is made: whatever becomes of the call, the next one takes it away.
  const measured = context.measured.get(state.name) ?? new Set();
  context.measured.set(state.name, measured.add(revision));
  const key = randomUUID();
  await skippingCheck(context, (skipCheck) => {
    const endKey = skipCheck ? undefined : key;
    const template = templateOf(context.settings, { name: revision, wanted, request, source, skipCheck, endKey });
    return update(context, state, { template, traffic }, `the sample ${revision}`);
  });
  const url = uriOfTag(state.service, tag, revision) ?? '';
  const endKey = context.startsAtDeployment ? key : undefined;
  return { started: { state, revision, url, untagged: [...over], endKey }, reports: wanted.reports };
}

async function ask(
  context: RunContext,
  { state, url, endKey }: Started,
  revision: string,
  { timeoutMs }: SampleRequest,
  signal: AbortSignal,
): Promise<ColdInstance> {
  const clock = { began: performance.now() };
  try {
    const endpoint = sampleEndpoint(context, { name: state.name, url }, clock, endKey ? whileEnding : undefined);
    const options = { timeoutMs, signal };
    const { answer, ended } = endKey
      ? await secondStart(endpoint, endKey, warmPath, options)
      : { answer: await endpoint.send(warmPath, options), ended: true };
    if (ended) return { revision, roundTripMs: performance.now() - clock.began, outcome: { answer } };
    notEnded(context);
    // Nobody waited for the start at deployment.
    return { revision, outcome: { answer } };
  } catch (error) {
    signal.throwIfAborted();
    if ((error as { exit?: number }).exit === 8) throw error;
    const status = error instanceof CallTimeout ? 'timeout' : 'failed';
    const note = (error as Error).message.split('\n')[0] ?? 'unknown failure';
    return { revision, roundTripMs: performance.now() - clock.began, outcome: { status, note } };
  }
}

/** What the front end says of a tag that it does not know yet, and of one whose only instance is ending. */
const whileEnding = [404, 429, 500, 503];

/** Cloud Run's own lines on the start, where they come in time; not looked for again after three starts without. */
async function linesOf(
  context: RunContext,
  queue: SampleQueue,
  { revision, endKey }: Started,
): Promise<StartLines | undefined> {
  if (context.withoutLogs || queue.withoutLines >= 3) return undefined;
  const read = () => readStart(context, revision, endKey !== undefined);
  const lines = await read();
  if (!lines && !context.withoutLogs) await pause(logWaitMs, context.signal);
  const found = lines ?? (await read());
  queue.withoutLines = found ? 0 : queue.withoutLines + 1;
  return found;
}

function reportOf(lines: StartLines | undefined, isSecond: boolean): Partial<ColdInstance> {
  const { reason, startMs } = lines ?? {};
  const isEarly = reason === 'DEPLOYMENT_ROLLOUT';
  // The lines of the second start have not come yet.
  if (isEarly && isSecond) return {};
  return {
    ...(startMs !== undefined && { report: { init_ms: startMs } }),
    ...(isEarly && { notCold: 'Cloud Run started it for the deployment, before it was called' }),
  };
}
