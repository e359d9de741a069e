import type { ModelEntry } from '../../config/types.ts';
import { toColdgateError, type UnprovenError } from '../../errors.ts';
import type { ArmIdentity, GateRecord } from '../../gate/record/record.ts';
import { decisiveMetric } from '../../gate/record/record-view.ts';
import { type Resumed, resume } from '../../gate/record/resume.ts';
import { advanceBaseline, type DriftBaseline } from '../../gate/rule/cumulative-drift.ts';
import { errorVerdict } from '../../gate/rule/error-verdict.ts';
import { createGate } from '../../gate/rule/gate.ts';
import { fewestStarts, type GateOptions } from '../../gate/rule/options.ts';
import type { GateSample } from '../../gate/rule/sample.ts';
import type { Verdict } from '../../gate/rule/verdict.ts';
import { measure } from '../../measure/measure.ts';
import type { Pointer } from '../../model/pointer.ts';
import type { PackageFile } from '../../package/package-file.ts';
import type { FunctionSettings, SampleRequest } from '../../rollout/target.ts';
import { type Deployment, packageOfLive } from '../deployment.ts';
import { functionSettings } from '../function-settings.ts';
import { readStoredVersion, type StoredVersion } from '../stored-version.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';
import { gateRecords, type RecordStore } from './record-store.ts';

export interface GateRun {
  workspace: Workspace;
  entry: ModelEntry;
  candidate: StoredVersion;
  /** What is live now; undefined at the first release. */
  live: Pointer | undefined;
  deployment: Deployment;
  /** Settings that both arms are sampled with; those of the environment's function unless given. */
  settings?: FunctionSettings | undefined;
  options: GateOptions;
  /** Measure from nothing although there are stored samples. */
  fresh: boolean;
  context: Context;
}

/** What is compared, opened and ready to be measured. */
interface Comparison {
  run: GateRun;
  records: RecordStore<GateRecord>;
  baseline: StoredVersion | undefined;
  livePackage: PackageFile;
  resumed: Resumed;
  /** The live version's own record: its drift baseline, and its starts where they replace measured ones. */
  liveRecord: GateRecord | undefined;
  /** Recorded starts of the live version as a baseline arm; none where they are not asked for. */
  recorded: GateSample[] | undefined;
}

const identity = (stored: StoredVersion, { sha256 }: PackageFile): ArmIdentity => ({
  version: stored.version,
  sha256: stored.sha256,
  package_sha256: sha256,
});

/** The candidate's starts in the live version's record, as a baseline; none where there are too few to stand for it. */
function baselineOf(liveRecord: GateRecord | undefined, options: GateOptions): GateSample[] | undefined {
  if (options.baseline !== 'stored') return undefined;
  const own = liveRecord?.samples.filter((s) => s.arm === 'candidate') ?? [];
  const usable = own.filter((s) => s.status === 'ok' && !s.discarded).length >= fewestStarts;
  return usable ? own.map((s) => ({ ...s, arm: 'baseline' })) : undefined;
}

/**
 * Opens what is compared. `baseline: stored` without usable recorded starts is measured interleaved, which is the
 * better way anyhow; the options of the comparison then say so.
 */
async function openComparison(wanted: GateRun): Promise<Comparison> {
  const { workspace, entry, candidate, live, deployment, context } = wanted;
  const { store, environment } = workspace;
  const { target } = deployment;
  const record = (version: string) => gateRecords(store, entry.name, target.key, version, context.log);
  const baseline = live && (await readStoredVersion(store, entry.name, live.version));
  const state = await target.describe(functionSettings(environment, entry));
  const livePackage = await packageOfLive(state.live, deployment, context);
  const own = baseline?.version === candidate.version;
  const liveRecord = baseline && !own ? await record(baseline.version).read() : undefined;
  const recorded = baselineOf(liveRecord, wanted.options);
  if (baseline && wanted.options.baseline === 'stored' && !recorded) {
    context.log.warn(
      `There are no recorded starts of ${baseline.version} to compare with: both versions are measured.`,
    );
  }
  const options: GateOptions = { ...wanted.options, baseline: recorded ? 'stored' : 'interleaved' };
  const run = { ...wanted, options };
  const records = record(candidate.version);
  const arms = {
    candidate: identity(candidate, deployment.package),
    baseline: baseline ? identity(baseline, livePackage) : null,
  };
  const resumed = resume(await records.read(), { target: target.key, options, ...arms }, wanted.fresh);
  return { run, records, baseline, livePackage, resumed, liveRecord, recorded };
}

function sampleRequest(run: GateRun, stored: StoredVersion, packageFile: PackageFile): SampleRequest {
  const { workspace, entry, options, context } = run;
  const { version, sha256, sample } = stored;
  const settings = run.settings ?? functionSettings(workspace.environment, entry);
  const timeoutMs = options.timeoutSeconds * 1000;
  return { settings, package: packageFile, version, sha256, sample, timeoutMs, signal: context.signal };
}

/** The record of the comparison as it stands. */
function recordOf(
  comparison: Comparison,
  startedAt: string,
  samples: readonly GateSample[],
  verdict: Verdict,
  final: boolean,
): GateRecord {
  const { run, baseline, livePackage, resumed, liveRecord, recorded } = comparison;
  const { workspace, entry, candidate, deployment, options, context } = run;
  const { target } = deployment;
  const ratio = decisiveMetric(verdict)?.ratio ?? null;
  const anchor: DriftBaseline | null =
    verdict.verdict === 'pass'
      ? advanceBaseline(liveRecord?.anchor ?? null, baseline?.version ?? null, candidate.version, ratio)
      : (liveRecord?.anchor ?? null);
  return {
    schema: 1,
    model: entry.name,
    environment: workspace.environment.name,
    target: target.key,
    rule: { version: 1, options, looks: [...verdict.looks], spent: verdict.spent },
    candidate: identity(candidate, deployment.package),
    baseline: baseline ? identity(baseline, livePackage) : null,
    env: { os: target.platform.os, arch: target.platform.arch },
    started_at: startedAt,
    ended_at: context.now().toISOString(),
    attempt: resumed.attempt,
    run_url: context.runUrl ?? null,
    samples: [...(recorded ?? []), ...samples],
    final,
    verdict,
    anchor,
  };
}

async function measureNow(comparison: Comparison): Promise<GateRecord> {
  const { run, records, baseline, livePackage, resumed, recorded } = comparison;
  const { candidate, deployment, options, context } = run;
  const startedAt = context.now().toISOString();
  const gate = createGate(options, { candidate: candidate.version, baseline: baseline?.version });
  const samples = recorded ? resumed.samples.filter((s) => s.arm === 'candidate') : resumed.samples;
  let record: GateRecord | undefined;
  const arms = {
    candidate: sampleRequest(run, candidate, deployment.package),
    baseline: baseline && !recorded ? sampleRequest(run, baseline, livePackage) : undefined,
  };
  await measure({
    ...{ target: deployment.target, gate, options, arms, recorded, samples, spent: resumed.spent },
    ...{ now: context.now, signal: context.signal, log: context.log },
    onLook: async (taken, verdict, final) => {
      record = recordOf(comparison, startedAt, taken, verdict, final);
      await records.write(record);
      if (!final) context.log.info(`After ${verdict.looks[verdict.look - 1]} starts each: ${verdict.line}`);
    },
  });
  if (!record) throw new RangeError('the measurement ended without a look');
  return record;
}

/**
 * Measures the candidate against the live version and decides, or reuses the decision of an earlier run of the same
 * comparison. The reports are made from the record in the store. A measurement that proves nothing is recorded as
 * `error`. Throws UnprovenError and what store and target throw.
 */
export async function runGate(run: GateRun): Promise<GateRecord> {
  const comparison = await openComparison(run);
  const { resumed, records } = comparison;
  const startedAt = run.context.now().toISOString();
  if (resumed.settled) {
    run.context.log.info('This comparison has been decided before; --fresh measures again.');
    const own = comparison.recorded ? resumed.samples.filter((s) => s.arm === 'candidate') : resumed.samples;
    return recordOf(comparison, startedAt, own, resumed.settled, true);
  }
  try {
    return await measureNow(comparison);
  } catch (thrown) {
    const error = toColdgateError(thrown);
    if (error.code !== 'no-cold-starts') throw thrown;
    const samples = ((error as UnprovenError).data?.['samples'] ?? []) as GateSample[];
    const verdict = errorVerdict(error.message, error.hint ?? '');
    await records.write(recordOf(comparison, startedAt, samples, verdict, false));
    throw error;
  }
}
