import { ColdgateError, exitCodes } from '../../errors.ts';
import { compareAnswer } from '../../model/answer-compare.ts';
import { type Probe, probeBytes, probeRequest, probesFor } from '../../model/probe.ts';
import { type GoldenSample, isRequestSample, requestOf } from '../../model/sample.ts';
import { compareSample, formatDifference } from '../../model/sample-compare.ts';
import type { Expectation } from './expectation.ts';
import { type Answer, type CallOptions, describeAnswer, field } from './http.ts';
import { readOwnAccount } from './own-account.ts';
import { unproven } from './unproven.ts';

/** Where a revision answers, and how it is reached: plainly, with a signature, or through the platform's own call. */
export interface Endpoint {
  /** For messages. */
  url: string;
  /** Largest body that the platform lets through; any size without it. */
  maxBytes?: number | undefined;
  /** Sends one request for a path such as `/v1/infer`. */
  send(path: string, options: CallOptions): Promise<Answer>;
}

export type ProofOptions = Pick<CallOptions, 'timeoutMs' | 'signal'>;

/** `?warm=true` makes the function load its model, look at its pointer and run its golden sample. */
export const warmPath = '/v1/health?warm=true';

/**
 * Checks version, sha256 and an answer: first in the function's own report, for which it runs the golden sample from
 * the store and names what it ran by digest; then by calling it as a client does, if a request of that size can be
 * sent. A version without a golden sample gets the probe that its model answered when it was published, or a request of
 * its declared shapes. Throws UnprovenError `not-ready`, `foreign-process`, `wrong-model`, `wrong-manifest`,
 * `sample-mismatch`, `sample-failed` or `probe-failed`.
 */
export async function prove(endpoint: Endpoint, expected: Expectation, options: ProofOptions): Promise<void> {
  const { url } = endpoint;
  const health = await reach(endpoint, warmPath, options);
  checkHealth(url, health, expected);
  const own = readOwnAccount(url, health.body, expected);
  const { sample, manifest } = expected;
  if (sample) await proveBySample(endpoint, expected, sample, own.ran, options);
  else if (manifest) {
    const probes = [manifest.probe ?? own.probe ?? [...probesFor(manifest.inputs)].slice(0, maxProbes)].flat();
    await proveByProbe(endpoint, expected, probes, own.ran, options);
  }
}

/** Of requests that are made up for a version that has none on record. */
const maxProbes = 12;

/** What the platform and the handler both take, bytes. */
const maxBytes = (endpoint: Endpoint, expected: Expectation): number =>
  Math.min(endpoint.maxBytes ?? Number.POSITIVE_INFINITY, expected.maxPayloadBytes ?? Number.POSITIVE_INFINITY);

async function proveBySample(
  endpoint: Endpoint,
  expected: Expectation,
  sample: GoldenSample,
  ran: boolean,
  options: ProofOptions,
): Promise<void> {
  const { url } = endpoint;
  const { path, json } = requestOf(sample);
  if (Buffer.byteLength(JSON.stringify(json)) > maxBytes(endpoint, expected)) {
    if (ran) return;
    throw unproven('sample-failed', `${url} did not run its golden sample, which is too large to be sent`, { url });
  }
  const answer = await reach(endpoint, path, { ...options, json });
  // Too large a request or an answer for this way in; the function has run the very same.
  if (answer.status === 413 && ran) return;
  if (answer.status !== 200) {
    throw unproven('sample-failed', `${url} refused its golden sample: ${describeAnswer(answer)}`, { url });
  }
  const difference = isRequestSample(sample)
    ? compareAnswer(sample.answer ?? {}, answeredWith(url, answer, expected, 'predictions'), sample.tolerance)
    : compareSample(sample, answeredWith(url, answer, expected, 'outputs'));
  if (!difference) return;
  throw unproven('sample-mismatch', `${url}: ${formatDifference(difference)}`, { url, difference });
}

/** One of the requests must be answered; one that the model itself refused may be refused by its graph. */
async function proveByProbe(
  endpoint: Endpoint,
  expected: Expectation,
  probes: readonly Probe[],
  ran: boolean,
  options: ProofOptions,
): Promise<void> {
  const { url } = endpoint;
  let refusal: string | undefined;
  for (const probe of probes) {
    if (probeBytes(probe) > maxBytes(endpoint, expected)) continue;
    const answer = await reach(endpoint, '/v1/infer', { ...options, json: probeRequest(probe) });
    if (answer.status === 413 && ran) return;
    if (answer.status === 200) return void answeredWith(url, answer, expected, 'outputs');
    if (probe.refused && isRefusedByGraph(answer)) return;
    refusal = describeAnswer(answer);
  }
  if (refusal === undefined && ran) return;
  const what = expected.manifest?.probe ? 'what its model answered when it was published' : 'a request of its shapes';
  const why = refusal ?? 'no request of them is small enough to be sent';
  throw unproven('probe-failed', `${url} has no golden sample and does not answer ${what}: ${why}`, { url });
}

/** What the handler answers for values that a node of the graph refused. */
const isRefusedByGraph = ({ status, body }: Answer): boolean =>
  status === 422 && field(field(body, 'error'), 'code') === 'inference-failed';

async function reach(endpoint: Endpoint, path: string, options: CallOptions): Promise<Answer> {
  try {
    return await endpoint.send(path, options);
  } catch (cause) {
    options.signal?.throwIfAborted();
    // That the caller may not call says nothing of the function.
    if (cause instanceof ColdgateError && cause.exit === exitCodes.denied) throw cause;
    const url = `${endpoint.url}${path}`;
    throw unproven('not-ready', `${url} cannot be reached: ${(cause as Error).message}`, { url }, cause);
  }
}

/** Throws UnprovenError unless the answer of `warmPath` names revision, version and sha256 and its sample agreed. */
export function checkHealth(url: string, answer: Answer, expected: Expectation): void {
  const { body } = answer;
  const revision = field(body, 'revision');
  if (answer.status !== 200) throw unproven('not-ready', `${url} answered ${describeAnswer(answer)}`, { url });
  if (expected.revision !== undefined && revision !== expected.revision) {
    const got = { url, expected: expected.revision, got: revision };
    throw unproven('foreign-process', `${url} is answered by something else (revision ${String(revision)})`, got);
  }
  const model = field(body, 'model');
  checkModel(url, field(model, 'version'), field(model, 'sha256'), expected);
  if (field(body, 'sample') === 'mismatch') {
    const difference = JSON.stringify(field(body, 'sample_difference') ?? {});
    const made = !expected.sample && expected.manifest?.probe !== undefined;
    const code = made ? 'probe-failed' : 'sample-mismatch';
    const what = made ? 'what its model answered when it was published' : 'its golden sample';
    throw unproven(code, `${url} does not answer ${what}: ${difference}`, { url });
  }
}

function checkModel(url: string, version: unknown, sha256: unknown, expected: Expectation): void {
  if (version === expected.version && sha256 === expected.sha256) return;
  const want = `${expected.version} (sha256 ${expected.sha256})`;
  throw unproven('wrong-model', `${url} serves ${String(version)} (sha256 ${String(sha256)}), expected ${want}`, {
    url,
    expected: { version: expected.version, sha256: expected.sha256 },
    got: { version, sha256 },
  });
}

/** What the expected version answered. Throws UnprovenError where another one did, or nothing. */
function answeredWith(
  url: string,
  answer: Answer,
  expected: Expectation,
  part: 'outputs' | 'predictions',
): Record<string, unknown> {
  checkModel(url, answer.headers['x-coldgate-version'], answer.headers['x-coldgate-sha256'], expected);
  const found = field(answer.body, part);
  if (part === 'predictions' && Array.isArray(found)) return { predictions: found };
  if (part === 'outputs' && typeof found === 'object' && found !== null) return found as Record<string, unknown>;
  const code = expected.sample ? 'sample-failed' : 'probe-failed';
  throw unproven(code, `${url} answered ${expected.sample ? 'its golden sample' : 'a request'} without ${part}`, {
    url,
  });
}
