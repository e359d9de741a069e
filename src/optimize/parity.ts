import { IntegrityError } from '../errors.ts';
import { sampleFeeds, toSampleForm } from '../handler/model/golden-sample.ts';
import { openSession } from '../handler/session/open-session.ts';
import { RunError } from '../handler/session/run-error.ts';
import type { ModelFile, Session, Tensors } from '../handler/session/session.ts';
import type { Sample } from '../model/sample.ts';
import { checkSample } from '../model/sample-check.ts';
import { compareSample, defaultTolerance, formatDifference } from '../model/sample-compare.ts';
import { type LargestDifference, largestDifference } from './largest-difference.ts';
import { demandSameSignature, type Signature } from './same-signature.ts';
import { syntheticInputs } from './synthetic-inputs.ts';

/** Largest difference from the original, relative to the largest value of the output, that an artifact may show. */
export const parityTolerance = 1e-4;

export interface Parity {
  maxRelative: number;
  maxAbsolute: number;
  /** Input sets that both ran. */
  compared: number;
}

/** Enough made-up sets; the golden sample comes on top. */
const enough = 3;
/** No further made-up set is begun after this, ms: some models take seconds to run. */
const longestMs = 20_000;

/**
 * Runs original and artifact side by side, as the handler would run each, and measures how far apart they are. The
 * golden sample comes first and is judged by its own tolerance, made-up inputs by `parityTolerance`; on those a
 * difference of at most the sample's absolute tolerance is none. `declared` is the original's declaration of its
 * inputs, `folder` where the files lie that it keeps tensors in. Throws IntegrityError `parity` beyond the tolerance, `parity-unmeasured` when no inputs could be run.
 */
export async function measureParity(
  original: string,
  made: ModelFile,
  json: unknown,
  declared?: Signature,
  folder?: string,
): Promise<Parity> {
  const reference = await openSession({ path: original, form: 'original', ...(folder && { folder }) }, undefined);
  const candidate = await openSession(made, undefined);
  try {
    demandSameSignature(reference, candidate);
    const signature = declared ?? reference;
    const sample = json === undefined ? undefined : usable(json, signature);
    const pair = { reference, candidate, parity: { maxRelative: 0, maxAbsolute: 0, compared: 0 } };
    return await compareAll(pair, signature, sample);
  } finally {
    await reference.close();
    await candidate.close();
  }
}

interface Pair {
  reference: Session;
  candidate: Session;
  /** Grows with each comparison. */
  parity: Parity;
}

async function compareAll(pair: Pair, signature: Signature, sample: Sample | undefined): Promise<Parity> {
  const { parity } = pair;
  const floor = sample?.tolerance?.absolute ?? defaultTolerance.absolute;
  // The scale at which the floor is what the relative tolerance allows.
  const smallest = floor / parityTolerance || Number.MIN_VALUE;
  if (sample) {
    const answers = await runBoth(pair, sampleFeeds(sample, signature.inputs), smallest);
    if (answers) demandSample(sample, record(parity, answers));
  }
  const started = performance.now();
  let tried = 0;
  for (const feeds of syntheticInputs(signature.inputs)) {
    if (tried === enough || performance.now() - started > longestMs) break;
    const answers = await runBoth(pair, feeds, smallest);
    tried += answers ? 1 : 0;
    if (!answers || (await isUnstable(pair.reference, feeds, answers, smallest))) continue;
    demandClose(record(parity, answers).found);
  }
  if (parity.compared > 0) return parity;
  throw new IntegrityError('parity-unmeasured', 'The model runs on none of the inputs that were made up for it.', {
    hint: 'Add a golden sample (`sample:` in models.yaml), or publish with `optimize: off`.',
  });
}

function usable(json: unknown, signature: Signature): Sample | undefined {
  const { sample, problems } = checkSample(json, signature);
  return problems.length === 0 ? (sample as Sample) : undefined;
}

interface Answers {
  want: Tensors;
  got: Tensors;
  found: LargestDifference;
}

/** Undefined when the original itself refuses the inputs. */
async function runBoth(pair: Pair, feeds: Tensors, smallest: number): Promise<Answers | undefined> {
  const { reference, candidate } = pair;
  let want: Tensors;
  try {
    want = await reference.run(feeds);
  } catch (error) {
    if (error instanceof RunError) return undefined;
    throw error;
  }
  const got = await runCandidate(candidate, feeds);
  return { want, got, found: largestDifference(want, got, smallest) };
}

function record(parity: Parity, answers: Answers): Answers {
  parity.compared++;
  parity.maxAbsolute = Math.max(parity.maxAbsolute, answers.found.absolute);
  parity.maxRelative = Math.max(parity.maxRelative, answers.found.relative);
  return answers;
}

/**
 * Whether the original itself moves about as far when made-up inputs change by their last digit, as where the logarithm of
 * almost nothing is taken: sums in another order are no fault of the form then.
 */
async function isUnstable(
  reference: Session,
  feeds: Tensors,
  { want, found }: Answers,
  smallest: number,
): Promise<boolean> {
  if (found.relative <= parityTolerance || !Number.isFinite(found.relative)) return false;
  const nudged = await reference.run(nudge(feeds)).catch(() => undefined);
  return nudged !== undefined && largestDifference(want, nudged, smallest).relative >= found.relative / 10;
}

/** Floats with their last digit up or down, without a pattern. */
const nudge = (feeds: Tensors): Tensors =>
  new Map(
    [...feeds].map(([name, tensor]) => {
      const { data } = tensor;
      if (!(data instanceof Float32Array || data instanceof Float64Array)) return [name, tensor];
      const step = data instanceof Float32Array ? 2 ** -23 : 2 ** -52;
      return [
        name,
        { ...tensor, data: data.map((value, at) => value * (1 + (Math.imul(at + 1, 0x9e3779b1) > 0 ? step : -step))) },
      ];
    }),
  );

async function runCandidate(candidate: Session, feeds: Tensors): Promise<Tensors> {
  try {
    return await candidate.run(feeds);
  } catch (error) {
    const message = 'The optimised model refuses inputs that the original takes.';
    throw new IntegrityError('parity', message, { cause: error, hint });
  }
}

const hint = 'Publish with `optimize: off`. Models with random operators cannot be compared at all.';

/** The artifact must answer the sample wherever the original does, and as the original does. */
function demandSample(sample: Sample, { want, got }: Answers): void {
  const [wanted, gotten] = [toSampleForm(want), toSampleForm(got)];
  const original = { ...sample, outputs: wanted as NonNullable<Sample['outputs']> };
  const promised = compareSample(sample, wanted) ? undefined : compareSample(sample, gotten);
  const difference = promised ?? compareSample(original, gotten);
  if (!difference) return;
  const message = `The optimised model differs from the original on the golden sample: ${formatDifference(difference)}.`;
  throw new IntegrityError('parity', message, { hint, data: { output: difference.output, sample: true } });
}

function demandClose(found: LargestDifference): void {
  if (found.relative <= parityTolerance) return;
  throw new IntegrityError('parity', `The optimised model differs from the original: ${describe(found)}.`, {
    hint,
    data: { output: found.output, relative: finite(found.relative), tolerance: parityTolerance },
  });
}

function describe({ output, relative }: LargestDifference): string {
  const how = Number.isFinite(relative)
    ? `by ${relative.toExponential(2)} of its largest value`
    : 'in type, shape or kind';
  return `output "${output}" ${how}, where ${parityTolerance} is allowed`;
}

/** JSON has no infinity. */
const finite = (value: number): number | string => (Number.isFinite(value) ? value : String(value));
