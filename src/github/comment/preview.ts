import type { QualityRecord } from '../../gate/quality/record.ts';
import type { GateRecord } from '../../gate/record/record.ts';
import type { VerdictWord } from '../../gate/rule/verdict.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { GoldenSample } from '../../model/sample.ts';
import type { GitHubWarning } from '../api/github-client.ts';

/** How far a model's preview has come. */
export type PreviewState =
  | { kind: 'running'; doing: string }
  | { kind: 'measured'; record: GateRecord; quality?: QualityRecord | undefined }
  | { kind: 'failed'; code: string; message: string; hint?: string | undefined };

export interface ModelPreview {
  name: string;
  version: string;
  state: PreviewState;
  /** Version that is live, which it is compared with. */
  live?: string | undefined;
  /** Where it answers; without it, it was measured and removed. */
  url?: string | undefined;
  /** Name of the deployed function. */
  functionName?: string | undefined;
  /** Of what was published; undefined where that failed. */
  manifest?: Manifest | undefined;
  sha256?: string | undefined;
  /** Its inputs are the body of the call that is shown. */
  sample?: GoldenSample | undefined;
  /** Versions of earlier commits that are gone. */
  pruned?: readonly string[] | undefined;
}

/** The content of the comment on a pull request. Every text in it is untrusted. */
export interface PreviewReport {
  /** Head commit. */
  sha: string;
  /** Page of the run. */
  runUrl?: string | undefined;
  models: readonly ModelPreview[];
  /** Why it is as it is, one sentence each: `A pull request from a fork: measured on the runner.` */
  notes?: readonly string[] | undefined;
  warnings?: readonly GitHubWarning[] | undefined;
}

/** The verdict that decides: that on the answers, unless they pass. */
export function verdictOf({ record, quality }: Extract<PreviewState, { kind: 'measured' }>): {
  verdict: VerdictWord;
  line: string;
} {
  return quality && quality.verdict.verdict !== 'pass' ? quality.verdict : record.verdict;
}
