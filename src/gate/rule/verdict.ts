import type { Metric } from './sample.ts';

/** One value of an arm in ms: `Infinity` for a start that timed out, `null` for a measurement that failed. */
export type Measured = number | null;

export type VerdictWord = 'pass' | 'regression' | 'inconclusive' | 'error';

/** Why: `shift` the whole arm is slower, `tail` more slow starts, `slo` the absolute bound is broken, `unproven` the starts were not what they should be. */
export type Reason =
  | 'shift'
  | 'tail'
  | 'slo'
  | 'clear'
  | 'unsure'
  | 'no-baseline'
  | 'unproven'
  | 'no-samples'
  | 'too-few-samples'
  | 'lean-pass'
  | 'lean-block';

export interface MetricVerdict {
  metric: Metric;
  /** False for advisory metrics: shown, never deciding. */
  gating: boolean;
  verdict: VerdictWord;
  reason: Reason;
  /** Valid starts: candidate, baseline. */
  n: { candidate: number; baseline: number };
  /** Hodges-Lehmann: median of all candidate / baseline quotients. */
  ratio: number | null;
  /** Bounds of the ratio at this look's levels (repeated confidence interval); null where not yet bounded. */
  lower: number | null;
  upper: number | null;
  /** IQR of the logarithms / 1.349, larger arm. */
  spread: number | null;
  slow: { candidate: number; baseline: number };
  /** Of the tests at this look. */
  p: { block: number | null; pass: number | null; tail: number | null; slo: number | null };
  /** ms; null where there is no value, or where it falls among the time-outs. p95 by nearest rank. */
  median: { candidate: number | null; baseline: number | null };
  p95: { candidate: number | null; baseline: number | null };
  /** Valid starts that timed out. */
  timeouts: { candidate: number; baseline: number };
  /** The shift alone would pass, but slow starts hold it back. */
  held: boolean;
}

/**
 * How far one phase moved beyond chance (exact rank test at 1 %, no tolerance), for human readers: it never decides.
 */
export interface PhaseShift {
  phase: Metric;
  /** Hodges-Lehmann shift: median of all candidate - baseline differences, ms. */
  shiftMs: number;
}

export interface Verdict {
  verdict: VerdictWord;
  reason: Reason;
  /** One human-readable line, as in docs/gate.md. */
  line: string;
  /** One sentence of advice by cause, or empty. */
  advice: string;
  metrics: MetricVerdict[];
  /** The absolute bound: starts over it, and the exact 95 % upper bound of their share. */
  slo: { ms: number; over: number; n: number; upperShare: number } | null;
  /** What the candidate was compared with. `stored`: the platform's drift is not controlled. */
  baseline: 'interleaved' | 'stored' | 'none';
  /** Phases that moved, furthest first. */
  phases: PhaseShift[];
  /** 1-based look that decided, of `looks`, and the share of the error that has been spent (t squared). */
  look: number;
  looks: number[];
  spent: number;
}

/** Values by metric, for one arm. Arrays of the same arm have the same length and order. */
export type ArmValues = Partial<Record<Metric, Measured[]>>;

/**
 * The decision rule, stepwise. `judge` is pure: the same values and look always give the same verdict.
 * The warm-up calls it whenever both arms have reached the next look and stops when `final` is true.
 */
export interface Gate {
  /** Valid starts an arm at which it may be asked: 10, 15, 20, 30 for a cap of 30. */
  readonly looks: readonly number[];
  /**
   * `final` is set at the last look, at the cap, or when the verdict is clear.
   * @param look 1-based; the last one ends the measurement, whatever number of starts there is
   * @param spent share of the error that earlier looks at these samples spent (`verdict.spent` of the one before, or of
   * the record that a re-run continues); without it, what the planned looks before this one would have spent
   */
  judge(candidate: ArmValues, baseline: ArmValues, look: number, spent?: number): { verdict: Verdict; final: boolean };
  /** All samples at once with the whole error: only where no earlier look was taken at them. */
  judgeOnce(candidate: ArmValues, baseline: ArmValues): Verdict;
  /** The look that comes after this much error was spent; one more than there are looks when none is left. */
  nextLook(spent: number): number;
  /** First release: no baseline. Only the SLO is checked. */
  judgeAlone(candidate: ArmValues): Verdict;
}
