import type { Problem } from '../../errors.ts';
import { nearest } from '../../inputs.ts';
import {
  lossMetrics,
  type QualityMetric,
  type QualityOptions,
  qualityDefaults,
  qualityProblems,
  shareMetrics,
} from './options.ts';
import type { OutcomeSamples } from './samples.ts';

type Reader = (value: unknown) => unknown;

const wrong = Symbol('wrong');
const number: Reader = (v) => (typeof v === 'number' && Number.isFinite(v) ? v : wrong);
const oneOf =
  (...words: readonly string[]): Reader =>
  (v) =>
    words.includes(v as string) ? v : wrong;
/** 0.005 or `0.5%`. */
const share: Reader = (v) => {
  const match = typeof v === 'string' ? /^\s*(\d{1,4}(?:\.\d{1,9})?)\s*%\s*$/.exec(v) : null;
  return match ? Number(match[1]) / 100 : number(v);
};

/** The words of `quality:`, the field each fills, and what is expected of it. */
const words: Record<string, [field: keyof QualityOptions, read: Reader, expected: string]> = {
  metric: ['metric', oneOf(...shareMetrics, ...lossMetrics), 'the name of a metric'],
  tolerance: ['tolerance', share, 'a share such as 0.5% or 0.005'],
  limit: ['limit', share, 'a share such as 4% or 0.04'],
  margin: ['margin', oneOf('relative', 'absolute'), 'relative or absolute'],
  cap: ['cap', number, 'a number'],
  'at-least': ['atLeast', share, 'a share such as 95% or 0.95'],
  'at-most': ['atMost', number, 'a number'],
  gating: ['gating', number, 'a whole number'],
  'min-samples': ['minSamples', number, 'a whole number'],
  look: ['look', number, 'a whole number'],
  'on-inconclusive': ['onInconclusive', oneOf('fail', 'lean', 'pass'), 'fail, lean or pass'],
};

/** Items that are read at most. */
const longest = 1_000_000;
const show = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function unknownNames(given: Record<string, unknown>, known: readonly string[], at: string): Problem[] {
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const near = nearest(name.slice(0, 60), known);
      const hint = near ? `Did you mean ${near}?` : `Known are ${known.join(', ')}.`;
      return { path: `${at}${name.slice(0, 60)}`, message: 'is not expected here.', hint };
    });
}

/** Reads options in the words of `quality:`; every problem at once, with paths below `at`. */
export function parseQualityOptions(
  given: unknown,
  kind: OutcomeSamples['kind'],
  at = 'options',
): { options: QualityOptions; problems: Problem[] } {
  const fallback: QualityMetric = kind === 'binary' ? 'accuracy' : 'loss';
  if (given !== undefined && !isRecord(given)) {
    const message = `expected an object such as {"tolerance": "0.5%"}, got ${show(given)}.`;
    return { options: qualityDefaults(fallback), problems: [{ path: at, message }] };
  }
  const record = given ?? {};
  const problems = unknownNames(record, Object.keys(words), `${at}.`);
  const read: Record<string, unknown> = {};
  for (const [word, [field, reader, expected]] of Object.entries(words)) {
    if (record[word] === undefined) continue;
    const value = reader(record[word]);
    if (value === wrong)
      problems.push({ path: `${at}.${word}`, message: `expected ${expected}, got ${show(record[word])}.` });
    else read[field] = value;
  }
  const metric = (read['metric'] as QualityMetric | undefined) ?? fallback;
  const fitting: readonly string[] = kind === 'binary' ? shareMetrics : lossMetrics;
  if (!fitting.includes(metric)) {
    const message = `expected one of ${fitting.join(', ')} for ${kind} outcomes, got ${metric}.`;
    problems.push({ path: `${at}.metric`, message });
    return { options: qualityDefaults(fallback), problems };
  }
  const options = { ...qualityDefaults(metric, read['margin'] as QualityOptions['margin'] | undefined), ...read };
  return {
    options,
    problems: [...problems, ...qualityProblems(options).map((p) => ({ ...p, path: `${at}.${p.path}` }))],
  };
}

function readOutcomes(
  given: unknown,
  path: string,
  kind: OutcomeSamples['kind'],
  problems: Problem[],
): (number | null)[] {
  if (!Array.isArray(given) || given.length > longest) {
    const got = Array.isArray(given) ? `${given.length} items` : show(given);
    problems.push({ path, message: `expected a list of at most ${longest} outcomes, got ${got}.` });
    return [];
  }
  const expected = kind === 'binary' ? '1, 0 or null' : 'a loss of 0 or more, or null';
  return given.map((value, at) => {
    const fits = kind === 'binary' ? value === 0 || value === 1 : typeof value === 'number' && value >= 0;
    if (value === null || fits) return value;
    problems.push({ path: `${path}[${at}]`, message: `expected ${expected}, got ${show(value)}.` });
    return null;
  });
}

/** Reads `{"quality": {"kind", "live", "candidate"}, "options": {…}}`, with every problem found at once. */
export function parseQuality(document: Record<string, unknown>): { samples: OutcomeSamples; problems: Problem[] } {
  const problems = unknownNames(document, ['quality', 'options'], '');
  const given = document['quality'];
  const empty: OutcomeSamples = { kind: 'binary', candidate: [], live: null, options: qualityDefaults('accuracy') };
  if (!isRecord(given)) {
    const message = `expected an object such as {"kind": "binary", "live": [1, 0], "candidate": [1, 1]}, got ${show(given)}.`;
    return { samples: empty, problems: [...problems, { path: 'quality', message }] };
  }
  problems.push(...unknownNames(given, ['kind', 'live', 'candidate'], 'quality.'));
  const { kind, live, candidate } = given;
  if (kind !== 'binary' && kind !== 'numeric') {
    problems.push({ path: 'quality.kind', message: `expected binary or numeric, got ${show(kind)}.` });
    return { samples: empty, problems };
  }
  const read = parseQualityOptions(document['options'], kind);
  problems.push(...read.problems);
  const samples: OutcomeSamples = {
    kind,
    candidate: readOutcomes(candidate, 'quality.candidate', kind, problems),
    live: live === undefined || live === null ? null : readOutcomes(live, 'quality.live', kind, problems),
    options: read.options,
  };
  return { samples, problems };
}
