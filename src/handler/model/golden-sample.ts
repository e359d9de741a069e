import { compareAnswer } from '../../model/answer-compare.ts';
import { parseJson } from '../../model/json-text.ts';
import { fileKey } from '../../model/layout.ts';
import { isRequestSample, type RequestSample, type Sample } from '../../model/sample.ts';
import { checkSample } from '../../model/sample-check.ts';
import { compareSample, type SampleDifference } from '../../model/sample-compare.ts';
import { exactElements } from '../../model/tensor-format.ts';
import type { Dtype, TensorInfo } from '../../model/tensor-info.ts';
import { parseTensor } from '../../model/tensor-json.ts';
import { TaskError } from '../../task/task.ts';
import type { Reader } from '../readers/reader.ts';
import { RunError } from '../session/run-error.ts';
import type { Session, Tensors } from '../session/session.ts';
import { readVerified } from './bound-manifest.ts';
import { toLoadError } from './load-error.ts';
import type { Resolved } from './resolve.ts';

/** The result of a loaded model's golden sample. `none`: the version was published without one. */
export type SampleResult =
  | { status: 'ok' | 'none'; difference?: undefined }
  | { status: 'mismatch'; difference: SampleDifference };

/** The version's golden sample as JSON, not yet held against the model. Throws LoadError. */
export async function readSample(reader: Reader, resolved: Resolved): Promise<unknown> {
  const { manifest } = resolved;
  const entry = manifest?.files.find((file) => file.path === manifest.sample);
  if (!entry) return undefined;
  const key = fileKey(resolved.name, resolved.version, entry.path);
  const bytes = await readVerified(reader, key, entry.sha256);
  try {
    return parseJson(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw toLoadError(error, 'document-unusable', key);
  }
}

/** Answers a request through the version's task: its predictions. Throws TaskError. */
export type AskTask = (request: unknown) => Promise<unknown[]>;

/**
 * Runs the sample `times` times and compares the last answer by the one rule for samples. A sample that does not fit
 * the model, or that the graph refuses, is a mismatch too. `run` runs the model, and lets the caller take the time.
 */
export async function proveSample(
  signature: Pick<Session, 'inputs' | 'outputs'>,
  json: unknown,
  times: number,
  run: (feeds: Tensors) => Promise<Tensors>,
  task?: AskTask | undefined,
): Promise<SampleResult> {
  const { sample, problems } = checkSample(json, { ...signature, task });
  const [problem] = problems;
  if (problem) {
    return {
      status: 'mismatch',
      difference: { output: '', field: problem.path, want: problem.expected, got: problem.got },
    };
  }
  if (task && isRequestSample(sample)) return proveRequest(sample, times, task);
  try {
    const feeds = sampleFeeds(sample as Sample, signature.inputs);
    let outputs: Tensors = new Map();
    for (let i = 0; i < times; i++) outputs = await run(feeds);
    const difference = compareSample(sample as Sample, toSampleForm(outputs), dtypesOf(signature.outputs));
    return difference ? { status: 'mismatch', difference } : { status: 'ok' };
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return { status: 'mismatch', difference: { output: '', field: '', want: 'the sample to run', got: error.message } };
  }
}

async function proveRequest(sample: RequestSample, times: number, task: AskTask): Promise<SampleResult> {
  const mismatch = (difference: SampleDifference): SampleResult => ({ status: 'mismatch', difference });
  try {
    let predictions: unknown[] = [];
    for (let i = 0; i < times; i++) predictions = await task(sample.request);
    const difference = compareAnswer(sample.answer ?? {}, { predictions }, sample.tolerance);
    if (difference) return mismatch(difference);
    const failed = sample.answer ? undefined : predictions.find(isFailure);
    if (!failed) return { status: 'ok' };
    return mismatch({ output: '', field: 'request', want: 'inputs that are answered', got: failed.error.message });
  } catch (error) {
    if (!(error instanceof TaskError)) throw error;
    return mismatch({ output: '', field: 'request', want: 'one that is answered', got: error.message });
  }
}

const isFailure = (prediction: unknown): prediction is { error: { message: string } } =>
  typeof prediction === 'object' && prediction !== null && 'error' in prediction;

/** Throws TensorError for a sample that `checkSample` has not passed. */
export const sampleFeeds = (sample: Sample, inputs: readonly TensorInfo[]): Tensors =>
  new Map(
    inputs
      .filter(({ name, optional }) => !optional || Object.hasOwn(sample.inputs, name))
      .map((info) => [info.name, parseTensor(sample.inputs[info.name], info)]),
  );

/** Outputs as a sample writes them. */
export const toSampleForm = (outputs: Tensors): Record<string, unknown> =>
  Object.fromEntries(
    [...outputs].map(([name, { dtype, shape, data }]) => [name, { dtype, shape, data: exactElements(dtype, data) }]),
  );

const dtypesOf = (infos: readonly TensorInfo[]): Record<string, Dtype> =>
  Object.fromEntries(infos.map((info) => [info.name, info.dtype]));
