import { IntegrityError } from '../errors.ts';
import { sampleFeeds } from '../handler/golden-sample.ts';
import { openSession } from '../handler/open-session.ts';
import { RunError } from '../handler/run-error.ts';
import type { ModelFile, Session, Tensors } from '../handler/session.ts';
import { checkSample } from '../model/sample-check.ts';
import { largestDifference } from './largest-difference.ts';
import { parityTolerance } from './optimize-model.ts';
import { syntheticInputs } from './synthetic-inputs.ts';

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
 * Runs original and artifact side by side, as the handler would run each, and measures how far apart they are.
 * Throws IntegrityError `parity` beyond the tolerance, `parity-unmeasured` when no inputs could be run.
 */
export async function measureParity(original: string, made: ModelFile, sample: unknown): Promise<Parity> {
  const reference = await openSession({ path: original, form: 'original' }, undefined);
  const candidate = await openSession(made, undefined);
  const parity: Parity = { maxRelative: 0, maxAbsolute: 0, compared: 0 };
  const fromSample = sample === undefined ? undefined : feedsOfSample(reference, sample);
  if (fromSample) await compare(reference, candidate, fromSample, parity);
  const started = performance.now();
  let tried = 0;
  for (const feeds of syntheticInputs(reference.inputs)) {
    if (tried === enough || performance.now() - started > longestMs) break;
    if (await compare(reference, candidate, feeds, parity)) tried++;
  }
  await reference.close();
  await candidate.close();
  if (parity.compared > 0) return parity;
  throw new IntegrityError('parity-unmeasured', 'The model runs on none of the inputs that were made up for it.', {
    hint: 'Add a golden sample (`sample:` in models.yaml), or publish with `optimize: off`.',
  });
}

function feedsOfSample(session: Session, json: unknown): Tensors | undefined {
  const { sample, problems } = checkSample(json, session);
  return problems.length === 0 ? sampleFeeds(sample, session.inputs) : undefined;
}

/** False when the original itself refuses the inputs. */
async function compare(reference: Session, candidate: Session, feeds: Tensors, parity: Parity): Promise<boolean> {
  let want: Tensors;
  try {
    want = await reference.run(feeds);
  } catch (error) {
    if (error instanceof RunError) return false;
    throw error;
  }
  const found = largestDifference(want, await runCandidate(candidate, feeds));
  parity.compared++;
  parity.maxAbsolute = Math.max(parity.maxAbsolute, found.absolute);
  parity.maxRelative = Math.max(parity.maxRelative, found.relative);
  if (found.relative > parityTolerance) {
    throw new IntegrityError('parity', `The optimised model differs from the original: ${describe(found)}.`, {
      hint: 'Publish with `optimize: off`. Models with random operators cannot be compared at all.',
      data: { output: found.output, relative: finite(found.relative), tolerance: parityTolerance },
    });
  }
  return true;
}

async function runCandidate(candidate: Session, feeds: Tensors): Promise<Tensors> {
  try {
    return await candidate.run(feeds);
  } catch (error) {
    const message = 'The optimised model refuses inputs that the original takes.';
    throw new IntegrityError('parity', message, { cause: error, hint: 'Publish with `optimize: off`.' });
  }
}

function describe({ output, relative }: ReturnType<typeof largestDifference>): string {
  const how = Number.isFinite(relative)
    ? `by ${relative.toExponential(2)} of its largest value`
    : 'in type, shape or kind';
  return `output "${output}" ${how}, where ${parityTolerance} is allowed`;
}

/** JSON has no infinity. */
const finite = (value: number): number | string => (Number.isFinite(value) ? value : String(value));
