import type { Problem } from '../../errors.ts';
import { nearest } from '../../inputs.ts';
import { type GateOptions, gateDefaults, optionProblems } from './options.ts';

type Reader = (value: unknown) => unknown;

const wrong = Symbol('wrong');
const number: Reader = (v) => (typeof v === 'number' && Number.isFinite(v) ? v : wrong);
const oneOf =
  (...words: string[]): Reader =>
  (v) =>
    words.includes(v as string) ? v : wrong;

/** 0.05 or `5%`. */
const share: Reader = (v) => {
  const match = typeof v === 'string' ? /^\s*(\d{1,4}(?:\.\d{1,9})?)\s*%\s*$/.exec(v) : null;
  return match ? Number(match[1]) / 100 : number(v);
};

const names: Reader = (v) => {
  const list = Array.isArray(v) ? v : [v];
  return list.length <= 20 && list.every((m) => typeof m === 'string') ? list : wrong;
};

/** The words of `gate:` in models.yaml, the field each fills, and what is expected of it. */
const words: Record<string, [field: keyof GateOptions, read: Reader, expected: string]> = {
  metric: ['metrics', names, 'the name of a metric, or a list of names'],
  metrics: ['metrics', names, 'a list of names of metrics'],
  tolerance: ['tolerance', share, 'a share such as 5% or 0.05'],
  limit: ['limit', share, 'a share such as 25% or 0.25'],
  'min-effect-ms': ['minEffectMs', number, 'a number of ms'],
  'max-samples': ['maxSamples', number, 'a whole number'],
  'slo-ms': ['sloMs', number, 'a number of ms'],
  'on-inconclusive': ['onInconclusive', oneOf('fail', 'lean', 'pass'), 'fail, lean or pass'],
  baseline: ['baseline', oneOf('interleaved', 'stored'), 'interleaved or stored'],
  discard: ['discard', number, 'a whole number'],
  'max-seconds': ['maxSeconds', number, 'a number of seconds'],
  'timeout-seconds': ['timeoutSeconds', number, 'a number of seconds'],
};

const show = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60);

/** Puts one word into the options; returns what is wrong with it. */
function take(options: Record<string, unknown>, word: string, value: unknown, path: string): Problem[] {
  const known = Object.hasOwn(words, word) ? words[word] : undefined;
  if (!known) {
    const near = nearest(word.slice(0, 60), Object.keys(words));
    const hint = near ? `Did you mean ${near}?` : `Known are ${Object.keys(words).join(', ')}.`;
    return [{ path, message: 'is no option of the gate.', hint }];
  }
  const read = known[1](value);
  if (read === wrong) return [{ path, message: `expected ${known[2]}, got ${show(value)}.` }];
  options[known[0]] = read;
  return [];
}

export interface ParsedOptions {
  /** Options with defaults filled in. Not usable when there are problems. */
  options: GateOptions;
  /** The keys that were given. */
  namesGiven: ReadonlySet<string>;
  problems: Problem[];
}

/** Reads options in the words of `gate:` (kebab-case); finds every problem at once, with paths below `at`. */
export function parseGateOptions(given: unknown, at = 'options'): ParsedOptions {
  const options: Record<string, unknown> = { ...gateDefaults };
  const record = given === undefined ? {} : given;
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    const problem = { path: at, message: `expected an object such as {"tolerance": "5%"}, got ${show(given)}.` };
    return { options: { ...gateDefaults }, namesGiven: new Set(), problems: [problem] };
  }
  const namesGiven = new Set(Object.keys(record));
  const problems = Object.entries(record).flatMap(([word, value]) =>
    take(options, word, value, `${at}.${word.slice(0, 60)}`),
  );
  if (namesGiven.has('metric') && namesGiven.has('metrics')) {
    problems.push({ path: at, message: 'expected metric or metrics, got both.' });
  }
  const result = options as unknown as GateOptions;
  const bounds = optionProblems(result).map((p) => ({ ...p, path: `${at}.${p.path}` }));
  return { options: result, namesGiven, problems: [...problems, ...bounds] };
}
