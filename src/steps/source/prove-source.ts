import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Config } from '../../config/types.ts';
import { type ColdgateError, InputError, IntegrityError, toColdgateError } from '../../errors.ts';
import { type Probe, probeRequest } from '../../model/probe.ts';
import { formatDifference } from '../../model/sample-compare.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import type { CheckResult } from '../../optimize/jobs.ts';
import { readManifest } from '../../registry/version/contents.ts';
import { examplesNotes, readExamples } from '../quality/examples.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';
import { allProblems } from './all-problems.ts';
import { checkCapacity } from './capacity.ts';
import { type CheckModel, checkModel, withChecks } from './check-model.ts';
import { expectedLoad } from './expected-load.ts';
import { lookAtSources, type ModelSource, taskJob } from './model-source.ts';
import { checkLimits } from './sample-limits.ts';

/** A model that the real runtime has loaded and run on this machine. */
export interface ProvenSource {
  /** What was run, in human-readable form. */
  words: string;
  /** What does not stop a release and may surprise its callers. */
  notes: string[];
  /** Without a golden sample: the made-up request that it answered, or that its graph refused. */
  probe: Probe | undefined;
}

const known = new WeakMap<ModelSource, { state: string; proven: Promise<ProvenSource> }>();

/** Changes whenever one of the files is written to. */
async function stateOf({ entry }: ModelSource): Promise<string> {
  const found = await Promise.all(entry.files.map(({ source }) => stat(source)));
  return found.map(({ size, mtimeMs, ino }) => [size, mtimeMs, ino].join()).join(' ');
}

/**
 * Loads the model in the real runtime, in a separate process, and runs its golden sample, or without one a made-up
 * request; the one check of validate, publish, ship and preview. Done once for the same files, however often it is
 * called. A made-up request that a node of the graph refuses for its values will do. Throws IntegrityError
 * `model-not-loadable` or `sample-mismatch`, InputError `unproven-model` where there is no sample and nothing made up
 * comes that far, or with the limits that no request such as the sample keeps.
 */
export async function proveSource(
  config: Config,
  source: ModelSource,
  context: Context,
  check: CheckModel = (model) => checkModel(model, context),
): Promise<ProvenSource> {
  const state = await stateOf(source);
  const last = known.get(source);
  if (last?.state === state) return last.proven;
  const proven = prove(config, source, check, context.signal);
  known.set(source, { state, proven });
  return proven;
}

async function prove(
  config: Config,
  source: ModelSource,
  check: CheckModel,
  signal: AbortSignal,
): Promise<ProvenSource> {
  const { entry, modelPath, head, size } = source;
  const { name } = entry;
  const label = relative(config.root, modelPath);
  const checked = await check({ model: modelPath, sample: entry.sample?.source, task: taskJob(source), size });
  if (!checked.loaded) {
    throw new IntegrityError('model-not-loadable', `The runtime refuses ${label} of ${name}: ${checked.reason}.`, {
      hint: `It is ONNX Runtime ${checked.runtime_version}; export the model for it.`,
    });
  }
  if (checked.taskFault !== undefined) throw taskMismatch(name, checked.taskFault);
  if (checked.sample === 'mismatch' && checked.difference) {
    const what = formatDifference(checked.difference);
    throw new IntegrityError('sample-mismatch', `The model of ${name} does not answer its golden sample: ${what}.`, {
      hint: checked.difference.output
        ? 'Correct the outputs in the sample, or the model.'
        : 'Give inputs that it takes, or correct the model.',
    });
  }
  if (checked.sample === 'none' && !checked.probe) throw withoutProof(source, checked.refusal ?? '');
  const { problems, notes } = checkLimits(config, entry, checked);
  if (problems.length > 0) throw new InputError(problems, { code: 'sample-over-limit' });
  notes.push(...checkCapacity(config, entry, source.modelBytes).notes);
  notes.unshift(...checked.warnings.map((warning) => `${name}: ${warning}`));
  for (const { output, why, hint } of head.leftOut) {
    notes.push(`${name} is served without its output "${output}" ${why}. ${hint}`);
  }
  if (checked.probe) notes.push(weaker(source, checked.probe, checked.refusal ?? ''));
  if (entry.quality) notes.push(...examplesNotes(entry, await readExamples(entry, head, signal)));
  return { words: wordsOf(checked), notes, probe: checked.probe };
}

const taskMismatch = (name: string, fault: string): IntegrityError =>
  new IntegrityError('task-mismatch', `The task of ${name} does not fit its model: ${fault}`, {
    hint: 'Correct the task, or the model.',
  });

function wordsOf({ sample, probe }: CheckResult): string {
  if (sample === 'ok') return 'runs its sample';
  return probe?.refused
    ? 'loads and refuses made-up requests; no sample'
    : 'loads and answers a made-up request; no sample';
}

/** What is not known of a model without a golden sample, and the command that makes one. */
function weaker({ entry, head }: ModelSource, probe: Probe, refusal: string): string {
  const { name } = entry;
  const command = `coldgate sample --model ${name}`;
  if (!probe.refused) {
    return `${name} has no golden sample, so it is proven to answer, not to answer right. Make one: ${command}`;
  }
  const inputs = `with inputs that it takes, for instance ${skeletonOf(head.inputs)}`;
  const why = refusal.replace(/\.$/, '');
  return `${name} has no golden sample and its graph refuses every made-up request (${why}), so nothing shows that it answers at all. Make one: ${command} --inputs FILE, ${inputs}`;
}

function withoutProof({ entry, head }: ModelSource, refusal: string): InputError {
  const { name } = entry;
  const message = `expected a golden sample: ${name} answers no made-up request (${refusal.replace(/\.$/, '')}), so nothing shows that it serves.`;
  const command = `coldgate sample --model ${name} --inputs FILE`;
  const hint = `Make one: ${command}, with inputs that it takes, for instance ${skeletonOf(head.inputs)}`;
  return new InputError([{ path: `models.${name}.sample`, message, hint }], { code: 'unproven-model' });
}

/** A sample of the declared inputs, for its author to fill in: open dimensions are 1, long lists cut short. */
function skeletonOf(inputs: readonly TensorInfo[]): string {
  const declared = inputs
    .filter(({ optional }) => !optional)
    .map(({ name, dtype, shape }) => {
      const sizes = (shape ?? []).map((size) => (typeof size === 'number' ? size : 1));
      const count = sizes.reduce((product, size) => product * size, 1);
      const short: Probe = { inputs: [{ name, dtype, shape: [Math.min(count, 3)] }], fill: 0 };
      const [data = []] = Object.values(probeRequest(short).inputs).map(
        (tensor) => (tensor as { data: unknown[] }).data,
      );
      const elements = JSON.stringify(data).replace(/\]$/, count > 3 ? ', …]' : ']');
      return `${JSON.stringify(name)}: {"dtype": "${dtype}", "shape": ${JSON.stringify(sizes)}, "data": ${elements}}`;
    });
  return `{"inputs": {${declared.join(', ')}}}`;
}

/** One model on its way to a version. */
export interface Intended {
  source: ModelSource;
  version: string;
}

/**
 * Everything that can be found out about the models before the first byte is written: their files, and, where the
 * version is not published yet, that the runtime loads and runs them. Throws one error with all problems, after it has
 * reported the good ones.
 */
export async function readySources(
  { config, models, store }: Workspace,
  versionOf: (source: ModelSource) => string,
  context: Context,
): Promise<Intended[]> {
  const looked = await lookAtSources(config, models);
  const errors: ColdgateError[] = looked.flatMap(({ problems }) => problems);
  const ready: Intended[] = [];
  await withChecks(context, 1, async (check) => {
    for (const { source } of looked) {
      if (!source) continue;
      const { name } = source.entry;
      try {
        const version = versionOf(source);
        // Files of a version that is there are only compared, so there is nothing to burn.
        if (!(await readManifest(store, name, version))) await proveAloud(config, source, version, context, check);
        ready.push({ source, version });
      } catch (error) {
        context.signal.throwIfAborted();
        errors.push(toColdgateError(error));
      }
    }
  });
  if (errors.length > 0) throw allProblems(errors);
  return ready;
}

/** With a heading, since it takes about a second, and minutes for large models. */
function proveAloud(
  config: Config,
  source: ModelSource,
  version: string,
  context: Context,
  check: CheckModel,
): Promise<void> {
  const { log } = context;
  const { name } = source.entry;
  return log.group(`${name}: check`, async () => {
    const expected = expectedLoad(source);
    if (expected) log.info(`  ${expected}`);
    const { words, notes } = await proveSource(config, source, context, check);
    log.info(`  ${name} ${version} ${words}.`);
    for (const note of notes) log.warn(note);
  });
}
