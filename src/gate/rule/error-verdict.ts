import type { Verdict } from './verdict.ts';

/**
 * The verdict of a measurement that proved nothing: never cold, wrong version, no timings, no answer. Never a pass.
 * @param seen what was seen, in words: `the candidate answered 3 times with version 1.0.0`
 */
export const errorVerdict = (seen: string, advice: string): Verdict => ({
  verdict: 'error',
  reason: 'unproven',
  line: `ERROR ${seen}`,
  advice,
  metrics: [],
  slo: null,
  baseline: 'none',
  phases: [],
  look: 0,
  looks: [],
  spent: 0,
});
