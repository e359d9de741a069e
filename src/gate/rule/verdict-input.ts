import type { GateOptions } from './options.ts';
import type { MetricVerdict, Verdict } from './verdict.ts';
import type { Zone } from './zone.ts';

/** Names of the two arms in human-readable output; usually versions. */
export interface ArmNames {
  candidate?: string | undefined;
  baseline?: string | undefined;
}

/** Where the samples come from: `measured` by a warm-up, which records them and may take more; `given` by a user. */
export type SampleSource = 'measured' | 'given';

/** What stays the same over all looks. */
export interface Rule {
  options: GateOptions;
  zone: Zone;
  names: ArmNames;
  source: SampleSource;
}

/** A verdict before it is put into words, with all that the words need. */
export interface VerdictInput extends Rule, Omit<Verdict, 'line' | 'advice'> {
  /** The metric that decided. */
  decisive: MetricVerdict;
  final: boolean;
}
