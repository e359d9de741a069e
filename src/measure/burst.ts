import { ColdgateError } from '../errors.ts';
import { type GoldenSample, requestOf } from '../model/sample.ts';
import type { Expectation } from '../rollout/proof/expectation.ts';
import { type Answer, describeAnswer, field } from '../rollout/proof/http.ts';
import { checkHealth, type Endpoint, warmPath } from '../rollout/proof/prove.ts';
import { quantile } from './quantile.ts';

/** Room above what is needed on average, as AWS advises: docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html */
const headroom = 1.1;

/**
 * Instances to keep warm for a rate of requests. Little's law (J. D. C. Little 1961, "A proof for the queuing formula
 * L = λW"): requests in progress = requests a second × seconds each; the same as AWS has it in
 * docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html. Never fewer than one, and never more than all
 * requests need that come in one moment.
 * @param perSecond requests that arrive in a second
 * @param serviceMs time that a warm instance is busy with one, ms
 * @param atOnce requests that one instance serves at the same time
 */
export function provisionedFor(perSecond: number, serviceMs: number, atOnce = 1): number {
  const inProgress = (perSecond * serviceMs) / 1000;
  // A hair less than the product of decimal numbers, so that 20 × 0.5 × 1.1 is 11 and not 12.
  const needed = Math.ceil((inProgress * headroom) / atOnce - 1e-9);
  return Math.min(Math.ceil(perSecond / atOnce), Math.max(1, needed));
}

interface BurstOptions {
  endpoint: Endpoint;
  /** What must answer. */
  expected: Omit<Expectation, 'revision'>;
  /** Requests that are sent in one moment. */
  requests: number;
  /** Requests that one instance serves at the same time; 1 unless given. */
  atOnce?: number | undefined;
  /** One request, ms. */
  timeoutMs: number;
  signal: AbortSignal;
}

export interface Times {
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** What came of requests that were sent in one moment; times in ms, of those that were answered. */
export interface Wave {
  answered: number;
  /** The platform had no room: HTTP 429. */
  throttled: number;
  failed: number;
  /** Different instances that answered. */
  instances: number;
  times: Times;
  /** Why the first one failed. */
  note: string | null;
}

export interface Burst {
  requests: number;
  /** On what was there: each request has the model loaded. */
  first: Wave & { cold: number; coldTimes: Times };
  /** At once after it, with the golden sample: on instances that are warm by then. */
  again: Wave;
  /** Requests that one instance serves at the same time. */
  atOnce: number;
  /** Time that a warm instance is busy with one request, ms: its own account of it, else the caller's. */
  serviceMs: number | null;
  /** Instances to keep warm for as many requests a second; undefined without a service time. */
  proposed: number | null;
}

interface Shot {
  status: 'answered' | 'throttled' | 'failed';
  ms: number;
  answer: Answer | undefined;
  note: string | undefined;
}

/**
 * Sends requests to an endpoint in one moment, then as many again. What is refused or fails is counted and not sent again.
 * Throws the signal's reason.
 */
export async function burst(options: BurstOptions): Promise<Burst> {
  const { requests, expected } = options;
  const { sample } = expected;
  const first = await fire(options, (url, answer) => checkHealth(url, answer, { ...expected, revision: undefined }));
  const again = await fire(options, (_url, answer) => checkServed(answer, expected), sample);
  const isCold = ({ answer }: Shot): boolean => field(answer?.body, 'cold_start') === true;
  const cold = first.filter((shot) => shot.status === 'answered' && isCold(shot));
  const busy = again.flatMap((shot) => (shot.status === 'answered' ? [busyMs(shot)] : []));
  const serviceMs = busy.length === 0 ? null : busy.reduce((sum, ms) => sum + ms, 0) / busy.length;
  return {
    requests,
    atOnce: options.atOnce ?? 1,
    first: { ...waveOf(first), cold: cold.length, coldTimes: timesOf(cold) },
    again: waveOf(again),
    serviceMs,
    proposed: serviceMs === null ? null : provisionedFor(requests, serviceMs, options.atOnce),
  };
}

type Check = (url: string, answer: Answer) => void;

function fire(options: BurstOptions, check: Check, sample?: GoldenSample): Promise<Shot[]> {
  return Promise.all(Array.from({ length: options.requests }, () => shoot(options, check, sample)));
}

async function shoot(
  { endpoint, timeoutMs, signal }: BurstOptions,
  check: Check,
  sample?: GoldenSample,
): Promise<Shot> {
  const began = performance.now();
  const { path, json } = sample ? requestOf(sample) : { path: warmPath, json: undefined };
  try {
    const answer = await endpoint.send(path, { timeoutMs, signal, json });
    const ms = performance.now() - began;
    if (answer.status === 429) return { status: 'throttled', ms, answer, note: describeAnswer(answer) };
    check(endpoint.url, answer);
    return { status: 'answered', ms, answer, note: undefined };
  } catch (error) {
    signal.throwIfAborted();
    const throttled = error instanceof ColdgateError && error.code === 'throttled';
    const { message } = error as Error;
    return {
      status: throttled ? 'throttled' : 'failed',
      ms: performance.now() - began,
      answer: undefined,
      note: message,
    };
  }
}

/** Throws Error unless the expected version answered. */
function checkServed(answer: Answer, { version }: Pick<Expectation, 'version'>): void {
  if (answer.status !== 200) throw new Error(describeAnswer(answer));
  const served = answer.headers['x-coldgate-version'];
  if (served !== version) throw new Error(`it serves ${served}, expected ${version}`);
}

/** `total` of Server-Timing is the function's own time, without the way to it. */
function busyMs({ answer, ms }: Shot): number {
  const own = /(?:^|, )total;dur=([\d.]+)/.exec(answer?.headers['server-timing'] ?? '')?.[1];
  return own === undefined ? ms : Number(own);
}

const timesOf = (shots: readonly Shot[]): Times => {
  const at = (share: number) =>
    quantile(
      shots.map(({ ms }) => ms),
      share,
    ) ?? null;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
};

function waveOf(shots: readonly Shot[]): Wave {
  const answered = shots.filter(({ status }) => status === 'answered');
  const count = (status: Shot['status']) => shots.filter((shot) => shot.status === status).length;
  const instanceOf = ({ answer }: Shot) => answer?.headers['x-coldgate-instance'] ?? field(answer?.body, 'instance_id');
  return {
    answered: answered.length,
    throttled: count('throttled'),
    failed: count('failed'),
    instances: new Set(answered.map(instanceOf)).size,
    times: timesOf(answered),
    note: shots.find(({ status }) => status === 'failed')?.note ?? null,
  };
}
