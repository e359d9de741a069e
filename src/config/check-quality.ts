import { type QualityMetric, qualityProblems } from '../gate/quality/options.ts';
import type { Findings } from './findings.ts';
import { isOpenCap, type MetricFields, optionsOf } from './resolve-quality.ts';
import { evaluatedMetrics } from './schema/quality.ts';
import type { Path } from './yaml-node.ts';

const known: readonly string[] = evaluatedMetrics;
/** Types of files that examples are read from. */
const dataTypes = /\.(?:jsonl|ndjson|csv)$/i;

/** Rules between the fields of one `quality:`, the defaults of its metrics counted in. */
export function checkQuality(findings: Findings, path: Path): void {
  if (!findings.has(path)) return;
  const data = findings.text([...path, 'data']);
  if (data !== undefined && !dataTypes.test(data)) {
    const message = `expected JSON Lines (.jsonl, .ndjson) or CSV (.csv), got ${findings.written([...path, 'data'])}.`;
    findings.add([...path, 'data'], message, 'One example a line: {"inputs": …, "expected": …}.');
  }
  checkMetric(findings, path, 'accuracy');
  const also: Path = [...path, 'also'];
  for (let at = 0; findings.has([...also, at]); at += 1) checkMetric(findings, [...also, at], undefined);
}

function checkMetric(findings: Findings, path: Path, otherwise: QualityMetric | undefined): void {
  const value = (field: string) => findings.value([...path, field]);
  const metric = findings.has([...path, 'metric']) ? value('metric') : otherwise;
  if (!known.includes(metric as string)) return;
  const fields = ['tolerance', 'limit', 'margin', 'cap', 'at-least', 'at-most'] as const;
  const given = Object.fromEntries(
    fields.flatMap((field) => (usable(field, value(field)) ? [[field, value(field)]] : [])),
  );
  const options = optionsOf({ ...given, metric: metric as QualityMetric } as MetricFields, {
    ...{ minSamples: 20, onInconclusive: 'fail', gating: 1 },
  });
  const placed = isOpenCap(options) ? { ...options, cap: 1 } : options;
  for (const problem of qualityProblems(placed)) {
    const field = findings.has([...path, problem.path])
      ? [...path, problem.path]
      : placeOf(findings, path, problem.path);
    findings.add(field, problem.message, problem.hint);
  }
  const k: Path = [...path, 'k'];
  if (findings.has(k) && metric !== 'top-k') findings.add(k, `expected no k with ${metric}.`, 'It belongs to top-k.');
}

/** The rule between limit and tolerance belongs to the one of them that is written. */
const placeOf = (findings: Findings, path: Path, field: string): Path =>
  field === 'limit' && findings.has([...path, 'tolerance']) ? [...path, 'tolerance'] : [...path, 'metric'];

function usable(field: string, value: unknown): boolean {
  if (field === 'margin') return value === 'absolute' || value === 'relative';
  return typeof value === 'number' || (typeof value === 'string' && /^\d{1,4}(?:\.\d{1,4})?%$/.test(value));
}
