import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { ModelEntry } from '../../config/types.ts';
import { GateError } from '../../errors.ts';
import { renderQualitySvg } from '../../gate/quality/picture.ts';
import { encodeQualityRecord, type QualityRecord } from '../../gate/quality/record.ts';
import { qualityDetails, renderQualityMarkdown, renderQualityTerminal } from '../../gate/quality/render.ts';
import { verdictFailure } from '../release/gate-report.ts';
import type { ModelResult } from '../results.ts';
import type { StoredVersion } from '../stored-version.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';
import type { EvaluationRun } from './comparison.ts';
import { qualityRecords, runEvaluation } from './evaluation.ts';

/** Writes the record as JSON and its picture as SVG; returns the JSON file's path, as the user would type it. */
async function writeQualityReport(record: QualityRecord, folder: string, cwd: string): Promise<string> {
  const absolute = resolve(cwd, folder);
  await mkdir(absolute, { recursive: true });
  const name = join(absolute, `${record.model}-${record.candidate.version}-quality`);
  await writeFile(`${name}.json`, encodeQualityRecord(record));
  await writeFile(`${name}.svg`, renderQualitySvg(record));
  const path = relative(cwd, `${name}.json`);
  return path.startsWith('..') ? `${name}.json` : path;
}

/** The result of an evaluation; its report is written into the folder. */
export async function qualityReport(record: QualityRecord, folder: string, cwd: string): Promise<ModelResult> {
  const path = await writeQualityReport(record, folder, cwd);
  const { verdict, metrics, model } = record;
  const failure = verdictFailure(verdict);
  const [first] = metrics;
  const word = (value: number | null | undefined) => (value == null ? '' : String(Number(value.toPrecision(6))));
  const numbers = { candidate: word(first?.candidate), baseline: word(first?.live), difference: word(first?.estimate) };
  const own = { verdict: verdict.verdict, reason: verdict.reason, metric: first?.metric ?? '', ...numbers };
  return {
    model,
    outputs: {
      'quality-verdict': own.verdict,
      'quality-metric': own.metric,
      'quality-candidate': own.candidate,
      'quality-baseline': own.baseline,
      'quality-difference': own.difference,
      'quality-report-path': path,
    },
    document: { quality: { ...own, 'report-path': path, record } },
    lines: [...(failure ? qualityDetails(record) : renderQualityTerminal(record)), `The evaluation: ${path}`],
    summary: renderQualityMarkdown(record),
    failure,
  };
}

/** Evaluates a version whose model has examples, and reports it. Throws what `runEvaluation` throws. */
export async function evaluateVersion(
  run: Omit<EvaluationRun, 'quality'> & { reportPath: string },
): Promise<ModelResult> {
  const { quality, name } = run.entry;
  if (!quality) throw new RangeError(`${name} has no quality`);
  return qualityReport(await runEvaluation({ ...run, quality }), run.reportPath, run.context.cwd);
}

/**
 * Throws what the recorded evaluation of this version says against its promotion; none is no objection, unless it is
 * required of a model that has examples.
 */
export async function checkRecordedQuality(
  workspace: Workspace,
  entry: ModelEntry,
  { version, manifestSha256 }: StoredVersion,
  { required, context }: { required: boolean; context: Context },
): Promise<void> {
  const record = await qualityRecords(workspace, entry.name, version, context).read();
  const own = record?.candidate.manifest_sha256 === manifestSha256 ? record : undefined;
  const failure = own && verdictFailure(own.verdict);
  if (failure) throw failure;
  if (own || !required || !entry.quality) return;
  const hint = 'Run coldgate evaluate first.';
  throw new GateError('inconclusive', `${entry.name} ${version} has not been evaluated here.`, { hint });
}
