import { check, checkValue, type Shape, ShapeError } from '../../model/shape.ts';
import type { VerdictWord } from '../rule/verdict.ts';
import type { QualityOptions } from './options.ts';

/** What an arm was. */
export interface QualityArm {
  version: string;
  manifest_sha256: string;
}

/** One metric: what was seen, what was proven, at which levels. */
export interface QualityMetricRecord {
  decides: boolean;
  /** Name of the output that was judged; `null`: the first. */
  output: string | null;
  /** Of top-k. */
  k: number;
  verdict: VerdictWord;
  reason: string;
  line: string;
  metric: string;
  n: number;
  failed: { live: number; candidate: number };
  lost: number | null;
  gained: number | null;
  live: number | null;
  candidate: number | null;
  estimate: number | null;
  lower: number | null;
  upper: number | null;
  pBlock: number | null;
  pPass: number | null;
  levels: { block: number; pass: number } | null;
  options: QualityOptions;
}

/** Items that came off worse or better, by id; more than a record holds are a number. */
export interface Changed {
  lost: string[];
  gained: string[];
  more: { lost: number; gained: number };
}

/** An evaluation. It names examples by id alone: neither inputs nor labels are in it. */
export interface QualityRecord {
  schema: 1;
  kind: 'quality';
  model: string;
  environment: string;
  candidate: QualityArm;
  /** What it was compared with; `form` where it is the same version, as published. */
  baseline: (QualityArm & { form?: 'original' }) | null;
  /** Of the function that both ran in. */
  package_sha256: string;
  data: {
    sha256: string;
    items: number;
    repeated: number;
    contradictory: number;
    /** Items that belong together count as one. */
    groups: number | null;
  };
  /** 1 for the first comparison; more items of the same data are another look. */
  look: number;
  started_at: string;
  ended_at: string;
  run_url: string | null;
  verdict: { verdict: VerdictWord; reason: string; line: string; advice: string };
  /** The first decides; others where they say so. */
  metrics: QualityMetricRecord[];
  /** By the first metric. */
  changed: Changed;
  /** Of classes: what the live version said, what the candidate says, how often; the most frequent first. */
  moves: { from: string; to: string; count: number }[];
  /** Of losses: live and candidate of some items, for the picture. */
  pairs: [number, number][];
  /** Why items got no answer, and how many. */
  failures: { arm: 'live' | 'candidate'; why: string; count: number }[];
  notes: string[];
}

const arm: Shape = { version: 'string', manifest_sha256: 'sha256' };
const shape: Shape = {
  schema: 'count',
  kind: 'string',
  model: 'string',
  environment: 'string',
  candidate: arm,
  package_sha256: 'sha256',
  data: { sha256: 'sha256', items: 'count', repeated: 'count', contradictory: 'count' },
  look: 'count',
  started_at: 'string',
  ended_at: 'string',
  verdict: { verdict: 'string', reason: 'string', line: 'string', advice: 'string' },
  metrics: [
    {
      decides: 'boolean',
      verdict: 'string',
      reason: 'string',
      line: 'string',
      metric: 'string',
      n: 'count',
      failed: { live: 'count', candidate: 'count' },
      options: 'object',
    },
  ],
  changed: { lost: ['string'], gained: ['string'], more: { lost: 'count', gained: 'count' } },
  moves: [{ from: 'string', to: 'string', count: 'count' }],
  failures: [{ arm: 'string', why: 'string', count: 'count' }],
  notes: ['string'],
};

const what = 'the quality record';
const verdictWords = ['pass', 'regression', 'inconclusive', 'error'];
const numbers = ['lost', 'gained', 'live', 'candidate', 'estimate', 'lower', 'upper', 'pBlock', 'pPass'] as const;

/** Reads a record from hostile bytes. Throws ShapeError naming the field. */
export function parseQualityRecord(bytes: Uint8Array): QualityRecord {
  const record = check<QualityRecord>(bytes, shape, what);
  const must = (fine: boolean, field: string, expected: string) => {
    if (!fine) throw new ShapeError(what, field, expected);
  };
  must(record.schema === 1, 'schema', '1, the only form that this release reads');
  must(record.kind === 'quality', 'kind', '"quality"');
  if (record.baseline !== null) checkValue(record.baseline, arm, what, 'baseline');
  must(record.run_url === null || typeof record.run_url === 'string', 'run_url', 'text or null');
  must(record.metrics.length > 0, 'metrics', 'at least one');
  must(verdictWords.includes(record.verdict.verdict), 'verdict.verdict', `one of ${verdictWords.join(', ')}`);
  for (const [at, metric] of record.metrics.entries()) {
    must(verdictWords.includes(metric.verdict), `metrics[${at}].verdict`, `one of ${verdictWords.join(', ')}`);
    for (const name of numbers) {
      const value = metric[name];
      must(value === null || Number.isFinite(value), `metrics[${at}].${name}`, 'a number or null');
    }
  }
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every(Number.isFinite);
  must(Array.isArray(record.pairs) && record.pairs.every(isPair), 'pairs', 'a list of pairs of numbers');
  return record;
}

/** The stored form: readable JSON. */
export const encodeQualityRecord = (record: QualityRecord): Uint8Array =>
  Buffer.from(`${JSON.stringify(record, null, 2)}\n`, 'utf8');
