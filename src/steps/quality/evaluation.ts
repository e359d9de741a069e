import { UnprovenError } from '../../errors.ts';
import type { Scoring } from '../../gate/quality/expected.ts';
import { encodeQualityRecord, parseQualityRecord, type QualityRecord } from '../../gate/quality/record.ts';
import { baselineKey } from '../../model/layout.ts';
import { RecordStore } from '../release/record-store.ts';
import { readStoredVersion, type StoredVersion } from '../stored-version.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';
import { answerItems, type Outcome } from './arm.ts';
import { armOf, type EvaluationRun, type Ground, isSettled, lookOf, recordOf } from './comparison.ts';
import { openEvaluated, withFunction } from './evaluated-function.ts';
import { readExamples } from './examples.ts';
import { outputOf, scoringsOf } from './items.ts';
import type { Answered } from './judge.ts';
import { derivedForm, originalOf, withOriginal } from './original-form.ts';
import { OutcomeFile } from './outcome-file.ts';

/** The record of a version's evaluation in an environment, beside those of its starts. */
export const qualityRecords = (workspace: Workspace, model: string, version: string, context: Context) =>
  new RecordStore<QualityRecord>(
    workspace.store,
    baselineKey(model, `quality-${workspace.environment.name}`, version),
    { parse: parseQualityRecord, encode: encodeQualityRecord },
    context.log,
  );

/** A version's outputs as it declares them; its labels stand for classes only where the candidate has labels too. */
function ownScorings({ quality, candidate }: EvaluationRun, stored: StoredVersion): Scoring[] {
  const of = (manifest: StoredVersion['manifest']) => scoringsOf(quality, manifest).scorings;
  const wanted = of(candidate.manifest);
  return of(stored.manifest).map((one, at) => ({
    ...one,
    labels: wanted[at]?.labels && (one.labels ?? wanted[at].labels),
  }));
}

/** Runs work in the workspace whose store has the version. */
type Within = (work: (workspace: Workspace) => Promise<void>) => Promise<void>;

/** Every item's outcome for one version; what was answered before is not asked again. */
async function outcomesOf(
  ground: Ground,
  stored: StoredVersion,
  label: string,
  within: Within = (work) => work(ground.run.workspace),
): Promise<Outcome[]> {
  const { run, reader, survey, deployment } = ground;
  const { entry, quality, fresh, context } = run;
  const scorings = ownScorings(run, stored);
  const outputs = quality.metrics.map(({ output }) => outputOf(stored.manifest, output));
  const threads = entry.handler.threads;
  const key = [stored.manifestSha256, deployment.package.sha256, survey.digest(), scorings, outputs, threads];
  const file = new OutcomeFile(context.cacheDir, key, quality.metrics.length);
  if (fresh) await file.remove();
  const outcomes = (await file.read()).slice(0, survey.ids.length);
  if (outcomes.length >= survey.ids.length) return outcomes;
  if (outcomes.length > 0) context.log.info(`  ${outcomes.length} items of ${label} were answered before.`);
  const work = { label, outputs, done: outcomes.length, kept: survey.kept, log: context.log, signal: context.signal };
  const keep = async (more: Outcome[]) => {
    outcomes.push(...more);
    await file.add(more);
  };
  await within((workspace) =>
    withFunction(workspace, entry, deployment, stored, (start) =>
      answerItems({ ...work, start, keep, reader: { ...reader, scorings } }),
    ),
  );
  await file.tidy();
  return outcomes;
}

/** Without a live version to be worse than, a model that answers nothing would pass. */
function requireAnswers({ candidate }: EvaluationRun, { live, candidate: outcomes }: Answered): void {
  if (live || outcomes.some((outcome) => outcome[0]?.value !== null)) return;
  const first = outcomes[0]?.[0];
  const why = first?.value === null ? first.why : 'no reason given';
  throw new UnprovenError('no-answers', `${candidate.version} answered none of ${outcomes.length} items: ${why}.`, {
    hint: 'Run one of the items with coldgate sample, and correct quality.data or the model.',
  });
}

/**
 * Has candidate and live version answer the same examples in the deployed package on this machine, and decides. The same
 * comparison is not run twice: outcomes are kept by digests, and an equal record of an earlier run stands. Throws
 * InputError `bad-quality-data`, UnprovenError, and what store and target throw.
 */
export async function runEvaluation(run: EvaluationRun): Promise<QualityRecord> {
  const { workspace, entry, candidate, live, context } = run;
  const startedAt = context.now().toISOString();
  const { reader, survey } = await readExamples(entry, candidate.manifest, context.signal);
  const baseline = live && (await readStoredVersion(workspace.store, entry.name, live.version));
  const records = qualityRecords(workspace, entry.name, candidate.version, context);
  const before = await records.read();
  const ground: Ground = { run, reader, survey, deployment: await openEvaluated(workspace, context) };
  const look = lookOf(before, run, survey);
  if (before && !run.fresh && isSettled(before, ground, baseline ? armOf(baseline) : null, look)) {
    context.log.info('This comparison has been decided before; --fresh asks the models again.');
    return before;
  }
  const answered: Answered = {
    candidate: await outcomesOf(ground, candidate, `candidate ${candidate.version}`),
    live: baseline && (await outcomesOf(ground, baseline, `live ${baseline.version}`)),
  };
  requireAnswers(run, answered);
  const form = derivedForm(candidate);
  const original = form && originalOf(candidate);
  const published =
    original &&
    (await outcomesOf(ground, original, `${candidate.version} as published`, (work) =>
      withOriginal(workspace, original, work),
    ));
  const held = form && published && { form, published };
  const record = recordOf(ground, { ...answered, held }, baseline, look, startedAt);
  await records.write(record);
  return record;
}
