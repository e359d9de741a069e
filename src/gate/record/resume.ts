import type { GateOptions } from '../rule/options.ts';
import type { GateSample } from '../rule/sample.ts';
import type { Reason, Verdict } from '../rule/verdict.ts';
import type { ArmIdentity, GateRecord } from './record.ts';

/** What is being compared, where and by which settings: what a record must agree with to be gone on with. */
export interface Comparison {
  target: string;
  candidate: ArmIdentity;
  baseline: ArmIdentity | null;
  options: GateOptions;
}

export interface Resumed {
  /** Starts already measured, in order; discarded and failed ones included. */
  samples: GateSample[];
  /** Share of the error that was spent on them. */
  spent: number;
  attempt: number;
  /** Set when nothing is left to measure: the recorded verdict stands. */
  settled: Verdict | undefined;
}

const sameArm = (a: ArmIdentity | null, b: ArmIdentity | null): boolean =>
  a === null || b === null
    ? a === b
    : (['version', 'sha256', 'package_sha256', 'image_digest'] as const).every((field) => a[field] === b[field]);

/** Settings that change what is decided. Time limits and `on-inconclusive` may change in the middle of a measurement. */
const deciding = [
  'metrics',
  'tolerance',
  'limit',
  'minEffectMs',
  'maxSamples',
  'sloMs',
  'baseline',
  'discard',
] as const;

/** Reasons that more starts, or another `on-inconclusive`, would not change. */
const clear: readonly Reason[] = ['shift', 'tail', 'slo', 'clear', 'no-baseline'];

const sameRule = (a: GateOptions, b: GateOptions): boolean =>
  deciding.every((field) => JSON.stringify(a[field]) === JSON.stringify(b[field]));

/**
 * What a new run of a candidate starts with. The same comparison continues with the stored samples and the error that
 * they spent: a fresh start each time would triple the 1 % after three tries. Another comparison starts from nothing;
 * with only the settings changed, or when `fresh` was asked for, it counts as a further attempt.
 */
export function resume(record: GateRecord | undefined, now: Comparison, fresh = false): Resumed {
  const nothing = { samples: [], spent: 0, attempt: 1, settled: undefined };
  if (!record || record.target !== now.target || !sameArm(record.candidate, now.candidate)) return nothing;
  if (!sameArm(record.baseline, now.baseline)) return nothing;
  const attempt = record.attempt + 1;
  if (fresh || record.verdict.verdict === 'error' || !sameRule(record.rule.options, now.options)) {
    return { ...nothing, attempt };
  }
  const { samples, verdict } = record;
  const leaned = !clear.includes(verdict.reason);
  const done = record.final && (!leaned || record.rule.spent >= 1);
  const same = !leaned || record.rule.options.onInconclusive === now.options.onInconclusive;
  return { samples, spent: record.rule.spent, attempt: record.attempt, settled: done && same ? verdict : undefined };
}
