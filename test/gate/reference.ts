import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ReferenceCase {
  candidate: number[];
  baseline: number[];
  minEffectMs: number;
  sloMs: number;
  verdict: string;
  reason: string;
  block: number;
  pass: number;
  tail: number;
  slo: number;
  slow: [number, number];
  over: number;
  ratio: number;
  lower: number;
  upper: number;
}

export interface Reference {
  laws: {
    /** u, m, n, P(U >= u) */
    ranks: [number, number, number, number][];
    /** level, m, n, smallest u with P(U >= u) <= level */
    criticals: [number, number, number, number][];
    /** a, m, b, n, p */
    fisher: [number, number, number, number, number][];
    /** k, m, P(Bin(m, 5 %) >= k), 95 % upper bound of the share */
    binomial: [number, number, number, number][];
  };
  cases: ReferenceCase[];
}

/** Numbers computed apart from the gate by reference.py (whole-number counts, scipy). */
export const reference: Reference = JSON.parse(readFileSync(join(import.meta.dirname, 'reference.json'), 'utf8'));
