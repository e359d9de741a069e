import type { QualityRecord } from '../gate/quality/record.ts';
import type { GateRecord } from '../gate/record/record.ts';
import type { Manifest } from '../model/manifest.ts';
import type { GoldenSample } from '../model/sample.ts';
import { type ModelPreview, type PreviewState, verdictOf } from './comment/preview.ts';

/** The part of a verb's document on one model that is reported to GitHub. */
export interface ModelFacts {
  model: string;
  version?: string;
  sha256?: string;
  'endpoint-url'?: string;
  function?: string;
  live?: string | null;
  record?: GateRecord;
  /** Of its examples, where the model has any. */
  quality?: { record: QualityRecord };
  manifest?: Manifest;
  sample?: GoldenSample;
  pruned?: readonly string[];
  /** Set where the model did not get as far as a verdict. */
  failed?: { code: string; message: string; hint?: string | undefined };
}

/** The models of a verb's document, in its order. */
export const factsOf = (document: Readonly<Record<string, unknown>> | undefined): ModelFacts[] =>
  (document?.['results'] ?? []) as ModelFacts[];

const stateOf = ({ record, quality, failed }: ModelFacts): PreviewState =>
  record
    ? { kind: 'measured', record, quality: quality?.record }
    : { kind: 'failed', code: 'unexpected', message: 'There is no measurement.', ...failed };

/** A preview as the comment shows it. */
export function previewOf(facts: ModelFacts): ModelPreview {
  const { model, version = '', live, manifest, sha256, sample, pruned } = facts;
  return {
    name: model,
    version,
    state: stateOf(facts),
    live: live ?? undefined,
    url: facts['endpoint-url'] || undefined,
    functionName: facts.function,
    ...{ manifest, sha256, sample, pruned },
  };
}

/** Why a preview is no success, one sentence; undefined where it is. */
export function objection({ state }: ModelPreview): { title: string; message: string } | undefined {
  if (state.kind === 'failed')
    return { title: state.code, message: [state.message, state.hint].filter(Boolean).join(' ') };
  if (state.kind === 'running') return { title: 'running', message: state.doing };
  const { verdict, line } = verdictOf(state);
  return verdict === 'pass' ? undefined : { title: verdict, message: line };
}
