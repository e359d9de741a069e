import { check, checkValue, type Shape, ShapeError } from '../../model/shape.ts';
import type { DriftBaseline } from '../rule/cumulative-drift.ts';
import { type GateOptions, optionProblems } from '../rule/options.ts';
import { type GateSample, metrics } from '../rule/sample.ts';
import type { Verdict } from '../rule/verdict.ts';

/** What an arm was. */
export interface ArmIdentity {
  version: string;
  /** sha256 of the model file and of the function's package or image digest, where known. */
  sha256?: string;
  package_sha256?: string;
  image_digest?: string;
  /** Commit of the code. */
  commit?: string;
}

/** One measurement with its raw samples: only they allow another metric, rule or re-check later. */
export interface GateRecord {
  schema: 1;
  model: string;
  environment: string;
  /** Key of the target: place and shape. */
  target: string;
  rule: { version: 1; options: GateOptions; looks: number[]; spent: number };
  candidate: ArmIdentity;
  baseline: ArmIdentity | null;
  /** Platform facts: region, arch, memory, runtime, package type. */
  env: Record<string, string | number>;
  started_at: string;
  ended_at: string;
  /**
   * 1 for the first measurement of this candidate; each further one with other settings has a separate error budget.
   */
  attempt: number;
  run_url: string | null;
  /** Every start in order of measurement, discarded and failed ones included. */
  samples: GateSample[];
  /** The verdict may no longer change: it is clear, or the cap or the time is reached. */
  final: boolean;
  verdict: Verdict;
  anchor: DriftBaseline | null;
}

const pair: Shape = { candidate: 'count', baseline: 'count' };
const shape: Shape = {
  schema: 'count',
  model: 'string',
  environment: 'string',
  target: 'string',
  rule: { version: 'count', options: { metrics: ['string'] }, looks: ['count'], spent: 'number' },
  candidate: { version: 'string' },
  env: 'object',
  started_at: 'string',
  ended_at: 'string',
  attempt: 'count',
  samples: [
    {
      arm: 'string',
      pair: 'count',
      order: 'count',
      at: 'string',
      discarded: 'boolean',
      status: 'string',
      'note?': 'string',
      'node?': 'string',
      timings: 'object',
    },
  ],
  final: 'boolean',
  verdict: {
    verdict: 'string',
    reason: 'string',
    line: 'string',
    advice: 'string',
    metrics: [
      {
        metric: 'string',
        gating: 'boolean',
        verdict: 'string',
        reason: 'string',
        n: pair,
        slow: pair,
        timeouts: pair,
        median: 'object',
        p95: 'object',
        p: 'object',
        held: 'boolean',
      },
    ],
    baseline: 'string',
    phases: [{ phase: 'string', shiftMs: 'number' }],
    look: 'count',
    looks: ['count'],
    spent: 'number',
  },
};

/** More starts than any measurement takes: the caps of both arms, discarded and failed ones on top. */
const maxSamples = 1000;

const what = 'the gate record';
const must = (fine: boolean, field: string, expected: string) => {
  if (!fine) throw new ShapeError(what, field, expected);
};
const among = (words: readonly string[], value: unknown, field: string) =>
  must(words.includes(value as string), field, `one of ${words.join(', ')}`);
const numberOrNull = (value: unknown, field: string) =>
  must(value === null || (typeof value === 'number' && Number.isFinite(value)), field, 'a number or null');

function checkSample(sample: GateSample, field: string): void {
  among(['candidate', 'baseline'], sample.arm, `${field}.arm`);
  among(['ok', 'timeout', 'failed'], sample.status, `${field}.status`);
  for (const metric of metrics) {
    const value = sample.timings[metric];
    if (value !== undefined) checkValue(value, 'number', what, `${field}.timings.${metric}`);
  }
  for (const [name, value] of Object.entries(sample.platform ?? {})) {
    checkValue(value, 'number', what, `${field}.platform.${name}`);
  }
}

const verdictWords = ['pass', 'regression', 'inconclusive', 'error'];

function checkVerdict(verdict: Verdict): void {
  among(verdictWords, verdict.verdict, 'verdict.verdict');
  among(['interleaved', 'stored', 'none'], verdict.baseline, 'verdict.baseline');
  for (const [at, m] of verdict.metrics.entries()) {
    const field = `verdict.metrics[${at}]`;
    among(metrics, m.metric, `${field}.metric`);
    among(verdictWords, m.verdict, `${field}.verdict`);
    for (const name of ['ratio', 'lower', 'upper', 'spread'] as const) numberOrNull(m[name], `${field}.${name}`);
    for (const name of ['median', 'p95'] as const) {
      numberOrNull(m[name].candidate, `${field}.${name}.candidate`);
      numberOrNull(m[name].baseline, `${field}.${name}.baseline`);
    }
  }
  for (const [at, p] of verdict.phases.entries()) among(metrics, p.phase, `verdict.phases[${at}].phase`);
  if (verdict.slo === null) return;
  checkValue(verdict.slo, { ms: 'number', over: 'count', n: 'count', upperShare: 'number' }, what, 'verdict.slo');
}

/** Reads a record from hostile bytes. Throws ShapeError naming the field. */
export function parseRecord(bytes: Uint8Array): GateRecord {
  const record = check<GateRecord>(bytes, shape, what);
  must(record.schema === 1, 'schema', '1, the only form that this release reads');
  must(record.rule.version === 1, 'rule.version', '1, the only rule that this release knows');
  const wrong = optionProblems(record.rule.options)[0];
  if (wrong) throw new ShapeError(what, `rule.options: ${wrong.path}`, wrong.message);
  if (record.baseline !== null) checkValue(record.baseline, { version: 'string' }, what, 'baseline');
  if (record.anchor !== null) checkValue(record.anchor, { version: 'string', product: 'number' }, what, 'anchor');
  must(record.run_url === null || typeof record.run_url === 'string', 'run_url', 'text or null');
  must(record.samples.length <= maxSamples, 'samples', `at most ${maxSamples} starts`);
  for (const [at, sample] of record.samples.entries()) checkSample(sample, `samples[${at}]`);
  checkVerdict(record.verdict);
  return record;
}

/** The stored form: readable JSON. The verdict holds no infinities, and a sample that timed out has that status. */
export const encodeRecord = (record: GateRecord): Uint8Array =>
  Buffer.from(`${JSON.stringify(record, null, 2)}\n`, 'utf8');
