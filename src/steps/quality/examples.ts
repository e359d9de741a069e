import type { ModelEntry } from '../../config/types.ts';
import { InputError } from '../../errors.ts';
import { fewestToPass, isShare } from '../../gate/quality/options.ts';
import { type ItemReader, itemReader, type ModelSignature, scoringsOf } from './items.ts';
import { openOptions } from './judge.ts';
import { type Survey, surveyItems } from './survey.ts';

/** A model's examples, read once and held against it. */
export interface Examples {
  reader: ItemReader;
  survey: Survey;
}

/** Reads every example. Throws InputError with every problem, `bad-quality-data` where it is of the file. */
export async function readExamples(
  { name, quality }: Pick<ModelEntry, 'name' | 'quality'>,
  model: ModelSignature,
  signal: AbortSignal,
): Promise<Examples> {
  if (!quality) throw new RangeError(`${name} has no quality`);
  const { scorings, problems } = scoringsOf(quality, model);
  if (problems.length > 0)
    throw new InputError(problems.map((one) => ({ ...one, path: `models.${name}.${one.path}` })));
  const reader = itemReader(quality, model, scorings);
  return { reader, survey: await surveyItems(reader, signal) };
}

/** What does not stop a release, and keeps its examples from deciding: too few of them. */
export function examplesNotes({ name, quality }: Pick<ModelEntry, 'name' | 'quality'>, { survey }: Examples): string[] {
  if (!quality) return [];
  const n = survey.ids.length;
  const needs = openOptions(quality.metrics, survey, 1).flatMap((options, at) => {
    if (!quality.metrics[at]?.decides || options.margin === 'relative') return [];
    const least = isShare(options.metric)
      ? fewestToPass(options.limit)
      : Math.ceil((4.6 * (options.cap ?? 1)) / options.limit);
    return n < least
      ? [
          `${name}: ${n} examples cannot show a loss of ${options.metric} below limit; ${least} are the fewest that can.`,
        ]
      : [];
  });
  return needs;
}
