import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, relative } from 'node:path';
import type { Config, ModelEntry } from '../../config/types.ts';
import { InputError, IntegrityError } from '../../errors.ts';
import { compareAnswer } from '../../model/answer-compare.ts';
import { type GoldenSample, isRequestSample, type RequestSample, type Sample } from '../../model/sample.ts';
import { checkSample } from '../../model/sample-check.ts';
import { compareSample, formatDifference, type SampleDifference } from '../../model/sample-compare.ts';
import { sampleText } from '../../model/sample-text.ts';
import type { TaskJob } from '../../optimize/jobs.ts';
import { recordSample } from '../source/check-model.ts';
import { modelPathOf } from '../source/external-data.ts';
import { inspectSources, type ModelSource, taskJob } from '../source/model-source.ts';
import { proveSource } from '../source/prove-source.ts';
import { withScratchFolder } from '../source/scratch-folder.ts';
import type { Context } from '../verb.ts';
import { askEndpoint, askTask } from './ask-endpoint.ts';
import { givenRequest, readGivenRun } from './read-inputs.ts';

export interface SampleWish {
  /** Files to read inputs from; made up without any. */
  inputs: readonly string[];
  /** A running endpoint whose answer is recorded. */
  from: string | undefined;
  /** Absolute path of the sample. */
  output: string;
  /** Writes over what is there. */
  force: boolean;
}

export interface MadeSample {
  sample: GoldenSample;
  bytes: number;
  notes: string[];
}

/** Where the sample of a model goes unless it is said: where models.yaml has it, else beside the model. */
export function samplePath(entry: ModelEntry): string {
  const model = modelPathOf(entry);
  return entry.sample?.source ?? join(dirname(model), `${basename(model, extname(model))}-sample.json`);
}

/**
 * Makes a golden sample that `validate` and `ship` take: runs the model on the inputs, writes them with its answer, and
 * proves the file as they do before it is put in its place. Throws InputError `sample-exists`, `bad-inputs`,
 * IntegrityError `sample-mismatch` where test data or an endpoint answer otherwise than the model, and what running and
 * proving throw.
 */
export async function makeSample(
  config: Config,
  entry: ModelEntry,
  options: SampleWish,
  context: Context,
): Promise<MadeSample> {
  const bare = withSample(entry, undefined);
  const [source] = (await inspectSources(config, [bare])) as [ModelSource];
  return withScratchFolder(context.env, async (scratch) => {
    const draft = join(scratch, 'sample.json');
    const sample = await recordDraft(source, options, draft, scratch, context);
    const text = isRequestSample(sample) ? `${JSON.stringify(sample, null, 2)}\n` : sampleText(sample);
    await writeFile(draft, text);
    const [complete] = (await inspectSources(config, [withSample(entry, draft)])) as [ModelSource];
    const { notes } = await proveSource(config, complete, context);
    await place(options, text, relative(config.root, options.output));
    return { sample, bytes: Buffer.byteLength(text), notes };
  });
}

/** The model with this sample, or without any. */
function withSample(entry: ModelEntry, source: string | undefined): ModelEntry {
  const files = entry.files.filter(({ path }) => path !== entry.sample?.path);
  if (source === undefined) return { ...entry, files, sample: undefined };
  const sample = { path: entry.sample?.path ?? 'sample.json', source };
  return { ...entry, files: [...files, sample], sample };
}

async function recordDraft(
  source: ModelSource,
  options: SampleWish,
  draft: string,
  scratch: string,
  context: Context,
): Promise<GoldenSample> {
  const { modelPath, head, entry } = source;
  const task = taskJob(source);
  const request = task && (await givenRequest(options.inputs, context.cwd));
  if (task && (options.inputs.length === 0 || request !== undefined))
    return recordRequest(source, task, request, options, draft, scratch, context);
  const given = options.inputs.length > 0 ? await readGivenRun(options.inputs, head, context.cwd) : undefined;
  if (given) checkGiven(given, head, options.inputs.join(', '));
  const inputs = given && join(scratch, 'inputs.json');
  if (inputs) await writeFile(inputs, JSON.stringify({ inputs: given.inputs }));
  const { repeatable } = await recordSample({ model: modelPath, inputs, out: draft }, context);
  const made = JSON.parse(await readFile(draft, 'utf8')) as Sample;
  if (!repeatable) context.log.warn(`${entry.name} answers the same inputs in two ways: its sample has no outputs.`);
  if (given?.outputs) demandSame(given.outputs as never, made, `The test data of ${entry.name}`);
  if (options.from === undefined) return made;
  const outputs = (await askEndpoint(options.from, made.inputs as never, context)) as NonNullable<Sample['outputs']>;
  if (repeatable) demandSame(outputs, made, options.from);
  return { inputs: made.inputs, ...(repeatable && { outputs }) };
}

/** The same by way of the model's task: what is sent to it is a request. */
async function recordRequest(
  { modelPath, entry }: ModelSource,
  task: TaskJob,
  request: unknown,
  { from }: SampleWish,
  draft: string,
  scratch: string,
  context: Context,
): Promise<RequestSample> {
  const inputs = request === undefined ? undefined : join(scratch, 'request.json');
  if (inputs) await writeFile(inputs, JSON.stringify({ request }));
  const { repeatable } = await recordSample({ model: modelPath, task, inputs, out: draft }, context);
  if (!repeatable) context.log.warn(`${entry.name} answers the same request in two ways: its sample has no answer.`);
  const made = JSON.parse(await readFile(draft, 'utf8')) as RequestSample;
  if (from === undefined || !repeatable) return made;
  const answer = await askTask(from, made.request, context);
  const difference = compareAnswer(made.answer, answer);
  if (difference) throw otherAnswer(from, difference);
  return { request: made.request, answer };
}

/** What is missing; the rest was held against the model when it was read. */
function checkGiven(given: object, head: ModelSource['head'], file: string): void {
  const { problems } = checkSample({ inputs: (given as { inputs: unknown }).inputs }, head);
  if (problems.length === 0) return;
  throw new InputError(
    problems.map(({ path, expected, got }) => ({ path, file, message: `expected ${expected}, got ${got}.` })),
    { code: 'bad-inputs' },
  );
}

/** By the one rule for samples. */
function demandSame(outputs: NonNullable<Sample['outputs']>, made: Sample, who: string): void {
  const difference = compareSample({ inputs: {}, outputs }, made.outputs ?? {});
  if (difference) throw otherAnswer(who, difference);
}

function otherAnswer(who: string, difference: SampleDifference): IntegrityError {
  const message = `${who} has another answer than the model here: ${formatDifference(difference)}.`;
  return new IntegrityError('sample-mismatch', message, { hint: 'It belongs to another model or version.' });
}

/** Appears whole or not at all, and over nothing that is there, unless that is wished. */
async function place({ output, force }: SampleWish, text: string, label: string): Promise<void> {
  await mkdir(dirname(output), { recursive: true });
  if (!force) {
    try {
      return await writeFile(output, text, { flag: 'wx' });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
      throw sampleExists(label, cause);
    }
  }
  const written = `${output}.${process.pid}.new`;
  try {
    await writeFile(written, text, { flag: 'wx' });
    await rename(written, output);
  } finally {
    await rm(written, { force: true });
  }
}

export const sampleExists = (label: string, cause?: unknown): InputError =>
  new InputError(
    [{ path: '--force', message: `${label} is there and stays as it is.`, hint: 'Add --force to write over it.' }],
    { code: 'sample-exists', cause },
  );
