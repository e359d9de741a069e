import type { ModelEntry, QualitySettings } from '../../config/types.ts';
import { classAdvice } from '../../gate/quality/macro-f1.ts';
import type { QualityArm, QualityRecord } from '../../gate/quality/record.ts';
import type { Pointer } from '../../model/pointer.ts';
import type { Deployment } from '../deployment.ts';
import type { StoredVersion } from '../stored-version.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';
import type { Outcome } from './arm.ts';
import type { ItemReader } from './items.ts';
import {
  type Answered,
  changedItems,
  failuresOf,
  isGrouped,
  jointVerdict,
  judgeForm,
  judgeMetrics,
  movesOf,
  openOptions,
  pairsOf,
} from './judge.ts';
import { derivedForm } from './original-form.ts';
import type { Survey } from './survey.ts';

export interface EvaluationRun {
  workspace: Workspace;
  entry: ModelEntry;
  quality: QualitySettings;
  candidate: StoredVersion;
  /** What is live now; undefined at the first release. */
  live: Pointer | undefined;
  /** Ask again although the outcomes are known. */
  fresh: boolean;
  context: Context;
}

/** Examples and function, ready. */
export interface Ground {
  run: EvaluationRun;
  reader: ItemReader;
  survey: Survey;
  deployment: Deployment;
}

export const armOf = ({ version, manifestSha256 }: StoredVersion): QualityArm => ({
  version,
  manifest_sha256: manifestSha256,
});

/** What functions serve in place of the model as published, and the answers of the latter. */
export interface Held {
  form: string;
  published: readonly Outcome[];
}

/** Whether a record is of this comparison: nothing that decides has changed. */
export function isSettled(
  record: QualityRecord,
  { run, survey, deployment }: Ground,
  baseline: QualityArm | null,
  look: number,
): boolean {
  const { quality, candidate } = run;
  const settings = quality.metrics.map(({ decides, output = null, k }) => [decides, output, k]);
  const now = [armOf(candidate), baseline, deployment.package.sha256, survey.digest(), look, settings];
  const { data } = record;
  const metrics = record.metrics.slice(0, quality.metrics.length);
  const isHeld = record.metrics.length > metrics.length;
  if (isHeld !== (derivedForm(candidate) !== undefined)) return false;
  const then = [record.candidate, record.baseline, record.package_sha256, data.sha256, record.look];
  const before = metrics.map(({ decides, output, k }) => [decides, output, k]);
  const same = JSON.stringify(now) === JSON.stringify([...then, before]);
  const options = JSON.stringify(openOptions(quality.metrics, survey, look));
  return same && record.verdict.verdict !== 'error' && options === JSON.stringify(metrics.map((one) => one.options));
}

/** More items of the same data are another look at the same candidate; other data start again. */
export function lookOf(before: QualityRecord | undefined, { candidate }: EvaluationRun, survey: Survey): number {
  if (!before || before.candidate.manifest_sha256 !== candidate.manifestSha256) return 1;
  const { items, sha256 } = before.data;
  const [now, isPart] = [survey.ids.length, survey.digest(items) === sha256];
  if (!isPart || items > now) return 1;
  return Math.min(20, items < now ? before.look + 1 : before.look);
}

function notesOf(ground: Ground, look: number): string[] {
  const { run, survey } = ground;
  const { repeated, contradictory } = survey;
  const classes = survey.classes.find(Boolean);
  const advice = classes && classAdvice(classes, run.quality.metrics[0]!.options);
  return [
    ...(repeated > 0 ? [`${repeated} items repeat others and were left out.`] : []),
    ...(contradictory > 0
      ? [`${contradictory} items have inputs that occur with different labels and were left out.`]
      : []),
    ...(look > 1
      ? [`This is look ${look} at the same candidate, after more items: it is held to a stricter level.`]
      : []),
    ...(advice ? [advice] : []),
  ];
}

export function recordOf(
  ground: Ground,
  answered: Answered & { held?: Held | undefined },
  baseline: StoredVersion | undefined,
  look: number,
  startedAt: string,
): QualityRecord {
  const { run, survey, deployment } = ground;
  const { entry, workspace, quality, candidate, context } = run;
  const own = judgeMetrics(quality.metrics, answered, survey, look);
  const metrics = answered.held ? [...own, judgeForm(quality.metrics[0]!, answered, answered.held, survey)] : own;
  const { repeated, contradictory } = survey;
  const first = metrics[0]!;
  return {
    ...{ schema: 1, kind: 'quality', model: entry.name, environment: workspace.environment.name },
    candidate: armOf(candidate),
    baseline: baseline ? armOf(baseline) : null,
    package_sha256: deployment.package.sha256,
    data: {
      ...{ sha256: survey.digest(), items: survey.ids.length, repeated, contradictory },
      groups: isGrouped(survey) ? first.n : null,
    },
    ...{ look, started_at: startedAt, ended_at: context.now().toISOString(), run_url: context.runUrl ?? null },
    verdict: jointVerdict(metrics),
    metrics,
    changed: changedItems(answered, survey, first.options),
    moves: movesOf(answered),
    pairs: pairsOf(answered, first.options),
    failures: failuresOf(answered),
    notes: notesOf(ground, look),
  };
}
