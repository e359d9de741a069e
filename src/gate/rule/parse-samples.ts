import type { Problem } from '../../errors.ts';
import { nearest } from '../../inputs.ts';
import { type GateOptions, maxStarts } from './options.ts';
import { parseGateOptions } from './parse-options.ts';
import { type Arm, type Metric, metrics } from './sample.ts';
import { unitProblem, units } from './unit.ts';
import { isValid } from './values.ts';
import type { ArmValues, Measured } from './verdict.ts';

/** What `coldgate decide` reads. */
export interface Samples {
  options: GateOptions;
  /** All starts in order of measurement, discarded ones included, in ms. An arm without any has no metric. */
  candidate: ArmValues;
  /** `null` at a first release; an arm without values where a baseline exists and nothing was measured. */
  baseline: ArmValues | null;
  /** Look at them in order, as the warm-up would have. */
  sequence: boolean;
  /** First starts of each arm that are not judged. Default: 0. */
  discard: number;
}

/** Starts an arm that are read at most. */
const longest = 10_000;

const show = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

interface Reading {
  options: GateOptions;
  problems: Problem[];
  /** Starts slower than this are time-outs, ms. */
  timeoutMs: number;
  /** What one of the document's units is in ms. */
  unitMs: number;
}

function value(given: unknown, path: string, { problems, timeoutMs, unitMs }: Reading): Measured {
  if (given === null) return null;
  if (given === 'timeout') return Infinity;
  if (typeof given !== 'number') {
    problems.push({ path, message: `expected a number, null or "timeout", got ${show(given)}.` });
    return null;
  }
  const ms = given * unitMs;
  if (ms > timeoutMs) return Infinity;
  return ms > 0 ? ms : null;
}

function values(given: readonly unknown[], path: string, reading: Reading): Measured[] {
  if (given.length > longest) {
    reading.problems.push({ path, message: `expected at most ${longest} starts, got ${given.length}.` });
    return [];
  }
  return given.map((v, at) => value(v, `${path}[${at}]`, reading));
}

/** `{"model_loaded_ms": [ms, …], …}`: lists of one arm describe the same starts, so they are equally long. */
function byMetric(given: Record<string, unknown>, arm: Arm, reading: Reading): ArmValues {
  const read: ArmValues = {};
  for (const [name, list] of Object.entries(given)) {
    const path = `${arm}.${name.slice(0, 60)}`;
    if (!metrics.includes(name as Metric)) {
      const near = nearest(name.slice(0, 60), metrics);
      reading.problems.push({
        path,
        message: 'is no metric.',
        hint: near ? `Did you mean ${near}?` : `Known are ${metrics.join(', ')}.`,
      });
    } else if (!Array.isArray(list)) {
      reading.problems.push({ path, message: `expected a list of ms, got ${show(list)}.` });
    } else read[name as Metric] = values(list, path, reading);
  }
  const lengths = Object.values(read).map((list) => list.length);
  if (new Set(lengths).size > 1) {
    const message = `expected lists of one length, got ${lengths.join(', ')}.`;
    reading.problems.push({ path: arm, message, hint: 'Put null where a start did not report a metric.' });
  }
  return read;
}

function readArm(given: unknown, arm: Arm, reading: Reading): ArmValues {
  if (given === undefined || given === null) return {};
  if (isRecord(given)) return byMetric(given, arm, reading);
  if (!Array.isArray(given)) {
    const message = `expected a list of ms or an object of lists by metric, got ${show(given)}.`;
    reading.problems.push({ path: arm, message });
    return {};
  }
  const [metric, ...more] = reading.options.metrics;
  if (more.length > 0) {
    const message = `expected an object of lists by metric, since options.metric names ${more.length + 1}.`;
    reading.problems.push({ path: arm, message });
  }
  return given.length === 0 || metric === undefined ? {} : { [metric]: values(given, arm, reading) };
}

/** All at once is judged in one look, for which the exact law must be computed for all starts. */
function checkSizes(samples: Samples, problems: Problem[]): void {
  for (const arm of ['candidate', 'baseline'] as const) {
    const most = Math.max(0, ...Object.values(samples[arm] ?? {}).map((list) => list.filter(isValid).length));
    if (samples.sequence || most <= maxStarts) continue;
    const message = `expected at most ${maxStarts} valid starts to judge at once, got ${most}.`;
    problems.push({ path: arm, message, hint: 'Give the first ones in order of measurement, or "sequence": true.' });
  }
}

/** The unit that the document gives; undefined if it gives none or an unknown one. */
function readUnit(given: unknown, problems: Problem[]): number | undefined {
  if (given === undefined) return undefined;
  const unit = typeof given === 'string' && Object.hasOwn(units, given) ? units[given] : undefined;
  if (unit === undefined) {
    problems.push({ path: 'unit', message: `expected ${Object.keys(units).join(', ')}, got ${show(given)}.` });
  }
  return unit;
}

/** Without a unit, values that can hardly be ms are refused: seconds would always pass. */
function checkUnit({ options, candidate, baseline }: Samples, problems: Problem[]): void {
  for (const metric of options.metrics) {
    const found = [unitProblem('candidate', candidate, metric), unitProblem('baseline', baseline ?? {}, metric)];
    problems.push(...found.filter((problem) => problem !== undefined));
  }
}

const known = ['candidate', 'baseline', 'options', 'sequence', 'unit'];

/** Reads the document of `coldgate decide`, with every problem found at once. */
export function parseSamples(document: unknown): { samples: Samples; problems: Problem[] } {
  const { options, namesGiven, problems } = parseGateOptions(isRecord(document) ? document['options'] : undefined);
  const misplaced = problems.find(({ path }) => path === 'options.unit');
  if (misplaced) misplaced.hint = 'Put "unit" beside "candidate".';
  const timeoutMs = namesGiven.has('timeout-seconds') ? options.timeoutSeconds * 1000 : Infinity;
  const discard = namesGiven.has('discard') ? options.discard : 0;
  const samples: Samples = { options, candidate: {}, baseline: null, sequence: false, discard };
  if (!isRecord(document)) {
    const message = `expected an object such as {"candidate": [ms, …], "baseline": [ms, …]}, got ${show(document)}.`;
    return { samples, problems: [{ path: '', message }] };
  }
  for (const name of Object.keys(document).filter((key) => !known.includes(key))) {
    const near = nearest(name.slice(0, 60), known);
    const hint = near ? `Did you mean ${near}?` : `Known are ${known.join(', ')}.`;
    problems.push({ path: name.slice(0, 60), message: 'is not expected here.', hint });
  }
  const { sequence = false, baseline, unit } = document;
  if (typeof sequence === 'boolean') samples.sequence = sequence;
  else problems.push({ path: 'sequence', message: `expected true or false, got ${show(sequence)}.` });
  if (document['candidate'] === undefined) problems.push({ path: 'candidate', message: 'is missing.' });
  const unitMs = readUnit(unit, problems);
  const reading: Reading = { options, problems, timeoutMs, unitMs: unitMs ?? 1 };
  samples.candidate = readArm(document['candidate'], 'candidate', reading);
  if (baseline !== undefined && baseline !== null) samples.baseline = readArm(baseline, 'baseline', reading);
  checkSizes(samples, problems);
  if (unit === undefined) checkUnit(samples, problems);
  return { samples, problems };
}
