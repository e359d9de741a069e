import { type ColdStart, metrics, type Timings } from '../../gate/rule/sample.ts';
import type { SampleRequest } from '../target.ts';
import { type Answer, describeAnswer, field } from './http.ts';

export interface StartContext {
  request: Pick<SampleRequest, 'version' | 'sha256'>;
  revision: string;
  /** The instance that was started, where the platform reports it. */
  instanceId?: string | undefined;
  /** Instances that have answered before; this one is added. */
  seen: Set<string>;
  /** From start to answer, ms; undefined where that is not what a caller would have waited. */
  roundTripMs?: number | undefined;
}

/** Counts a start only with proof: our revision, a new instance, its cold flag, version, sha256, sample and timings. */
export function judgeStart(answer: Answer, context: StartContext): ColdStart {
  const { body } = answer;
  const instance = field(body, 'instance_id');
  const model = field(body, 'model');
  const timings = timingsOf(field(body, 'timings'), context.roundTripMs);
  const start = {
    timings,
    ...textField('instance_id', instance),
    ...textField('version', field(model, 'version')),
    ...textField('sha256', field(model, 'sha256')),
    ...textField('node', field(field(body, 'runtime'), 'node')),
  };
  const note = faultOf(answer, context, timings);
  if (typeof instance === 'string') context.seen.add(instance);
  return note === undefined ? { status: 'ok', ...start } : { status: 'failed', note, ...start };
}

const textField = (name: 'instance_id' | 'version' | 'sha256' | 'node', value: unknown): Record<string, string> =>
  typeof value === 'string' ? { [name]: value } : {};

function faultOf(answer: Answer, context: StartContext, timings: Timings): string | undefined {
  const { body } = answer;
  if (answer.status !== 200) return `it answered ${describeAnswer(answer)}`;
  const { request, revision, instanceId, seen } = context;
  const model = field(body, 'model');
  const instance = field(body, 'instance_id');
  if (field(body, 'revision') !== revision) return 'something else answered at its address';
  if (instanceId !== undefined && instance !== instanceId) {
    return 'it answered as another instance than the one that was started';
  }
  if (typeof instance !== 'string') return 'it named no instance';
  if (seen.has(instance)) return `instance ${instance} has answered before, so it was not cold`;
  if (field(body, 'cold_start') !== true) return 'the response says that the start was not cold';
  if (field(model, 'version') !== request.version) {
    return `it serves ${String(field(model, 'version'))}, expected ${request.version}`;
  }
  if (field(model, 'sha256') !== request.sha256) {
    return `its model has sha256 ${String(field(model, 'sha256'))}, expected ${request.sha256}`;
  }
  if (field(body, 'sample') === 'mismatch') return 'its answer to the golden sample is wrong';
  return timings.model_loaded_ms === undefined ? 'the response has no model_loaded_ms' : undefined;
}

function timingsOf(reported: unknown, roundTripMs: number | undefined): Timings {
  const { round_trip_ms: _, ...own } = readTimings(reported);
  return { ...own, ...(roundTripMs !== undefined && { round_trip_ms: roundTripMs }) };
}

/** Known names with a usable duration; whatever else an answer holds is dropped. */
export function readTimings(reported: unknown): Timings {
  const timings: Timings = {};
  for (const metric of metrics) {
    const ms = field(reported, metric);
    if (typeof ms === 'number' && Number.isFinite(ms) && ms >= 0) timings[metric] = ms;
  }
  return timings;
}
