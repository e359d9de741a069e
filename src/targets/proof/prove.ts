import { UnprovenError } from '../../errors.ts';
import type { Sample } from '../../model/sample.ts';
import { compareSample, formatDifference } from '../../model/sample-compare.ts';
import { type Answer, type CallOptions, describeAnswer, field } from './http.ts';

/** What a revision must answer with before anyone is told that it serves. */
export interface Expectation {
  /** Nothing where any revision may answer. */
  revision: string | undefined;
  version: string;
  /** Of the model file. */
  sha256: string;
  sample: Sample | undefined;
}

/** Where a revision answers, and how it is reached: plainly, with a signature, or through the platform's own call. */
export interface Endpoint {
  /** For messages. */
  url: string;
  /** Sends one request for a path such as `/v1/infer`. */
  send(path: string, options: CallOptions): Promise<Answer>;
}

export type ProofOptions = Pick<CallOptions, 'timeoutMs' | 'signal'>;

/** `?warm=true` makes the function load its model, look at its pointer and run its golden sample. */
export const warmPath = '/v1/health?warm=true';

/**
 * Demands version, sha256 and golden sample: first by the function's own account, then by calling it as a client does.
 * Throws UnprovenError `not-ready`, `foreign-process`, `wrong-model`, `sample-mismatch` or `sample-failed`.
 */
export async function prove(endpoint: Endpoint, expected: Expectation, options: ProofOptions): Promise<void> {
  const { url } = endpoint;
  checkHealth(url, await reach(endpoint, warmPath, options), expected);
  if (!expected.sample) return;
  const json = { inputs: expected.sample.inputs };
  checkInference(url, await reach(endpoint, '/v1/infer', { ...options, json }), expected, expected.sample);
}

async function reach(endpoint: Endpoint, path: string, options: CallOptions): Promise<Answer> {
  try {
    return await endpoint.send(path, options);
  } catch (cause) {
    options.signal?.throwIfAborted();
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
    throw unproven('sample-mismatch', `${url} does not answer its golden sample: ${difference}`, { url });
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

function checkInference(url: string, answer: Answer, expected: Expectation, sample: Sample): void {
  if (answer.status !== 200) {
    throw unproven('sample-failed', `${url} refused its golden sample: ${describeAnswer(answer)}`, { url });
  }
  checkModel(url, answer.headers['x-coldgate-version'], answer.headers['x-coldgate-sha256'], expected);
  const outputs = field(answer.body, 'outputs');
  if (typeof outputs !== 'object' || outputs === null) {
    throw unproven('sample-failed', `${url} answered its golden sample without outputs`, { url });
  }
  const difference = compareSample(sample, outputs as Record<string, unknown>);
  if (!difference) return;
  throw unproven('sample-mismatch', `${url}: ${formatDifference(difference)}`, { url, difference });
}

const hints: Record<string, string> = {
  'not-ready': 'Read the log of the function for the reason.',
  'foreign-process': 'Something else answers at that address: stop it, or choose another one.',
  'wrong-model': 'Check that version and checksum are those of the manifest, and that nothing else moved the pointer.',
  'sample-mismatch': 'Check the sample against the model with `coldgate validate`; nothing was promoted.',
  'sample-failed': 'Check the sample against the model with `coldgate validate`; nothing was promoted.',
};

const unproven = (code: string, message: string, data: Record<string, unknown>, cause?: unknown): UnprovenError =>
  new UnprovenError(code, `${message}.`, { hint: hints[code], data, cause });
