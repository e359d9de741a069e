import { join } from 'node:path';
import { isShare, type QualityMetric, type QualityOptions, qualityDefaults } from '../gate/quality/options.ts';
import { fractionOf } from './schema/field-kinds.ts';
import type { ModelFields } from './schema.ts';
import type { QualityMetricSettings, QualitySettings } from './types.ts';

type Fields = NonNullable<ModelFields['quality']>;
/** One metric as models.yaml has it; every value may be missing. */
export type MetricFields = Partial<Omit<NonNullable<Fields['also']>[number], 'metric'>> & { metric: QualityMetric };

const defaultK = 5;

/** The options of one metric: its defaults, and what models.yaml says in place of them. */
export function optionsOf(
  { metric, margin, cap, ...given }: MetricFields,
  shared: Pick<QualityOptions, 'minSamples' | 'onInconclusive' | 'gating'>,
): QualityOptions {
  const defaults = qualityDefaults(metric, margin);
  const amount = (value: string | number | undefined, otherwise: number) =>
    value === undefined ? otherwise : fractionOf(value);
  const atLeast = given['at-least'];
  return {
    ...defaults,
    ...shared,
    tolerance: amount(given.tolerance, defaults.tolerance),
    limit: amount(given.limit, defaults.limit),
    cap: cap ?? defaults.cap,
    atLeast: atLeast === undefined ? undefined : fractionOf(atLeast),
    atMost: given['at-most'],
  };
}

/** Losses whose cap follows from the examples. */
export const isOpenCap = ({ metric, cap }: QualityOptions): boolean => !isShare(metric) && cap === undefined;

/** `quality:` with its defaults and absolute paths. */
export function resolveQuality(fields: Fields, root: string): QualitySettings {
  const { data, also = [], 'min-samples': minSamples, 'on-inconclusive': onInconclusive } = fields;
  const gating = 1 + also.filter(({ decides }) => decides).length;
  const settings = (given: MetricFields, decides: boolean): QualityMetricSettings => ({
    options: optionsOf(given, { minSamples, onInconclusive, gating: decides ? gating : 1 }),
    k: given.k ?? defaultK,
    output: given.output,
    decides,
  });
  return {
    data: { path: data, source: join(root, data) },
    metrics: [settings(fields, true), ...also.map((one) => settings(one, one.decides))],
  };
}
