import { parseJson } from '../../model/json-text.ts';
import { fileKey } from '../../model/layout.ts';
import type { Sample } from '../../model/sample.ts';
import { checkSample } from '../../model/sample-check.ts';
import { compareSample, type SampleDifference } from '../../model/sample-compare.ts';
import { exactElements } from '../../model/tensor-format.ts';
import type { Dtype, TensorInfo } from '../../model/tensor-info.ts';
import { parseTensor } from '../../model/tensor-json.ts';
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

/**
 * Runs the sample `times` times and compares the last answer by the one rule for samples. A sample that does not fit
 * the model, or that the graph refuses, is a mismatch too. `run` runs the model, and lets the caller take the time.
 */
export async function proveSample(
  signature: Pick<Session, 'inputs' | 'outputs'>,
  json: unknown,
  times: number,
  run: (feeds: Tensors) => Promise<Tensors>,
): Promise<SampleResult> {
  const { sample, problems } = checkSample(json, signature);
  const [problem] = problems;
  if (problem) {
    return {
      status: 'mismatch',
      difference: { output: '', field: problem.path, want: problem.expected, got: problem.got },
    };
  }
  try {
    const feeds = sampleFeeds(sample, signature.inputs);
    let outputs: Tensors = new Map();
    for (let i = 0; i < times; i++) outputs = await run(feeds);
    const difference = compareSample(sample, toSampleForm(outputs), dtypesOf(signature.outputs));
    return difference ? { status: 'mismatch', difference } : { status: 'ok' };
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return { status: 'mismatch', difference: { output: '', field: '', want: 'the sample to run', got: error.message } };
  }
}

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
