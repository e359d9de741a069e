import { access } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { selectModels } from '../config/select.ts';
import type { Config, ModelEntry } from '../config/types.ts';
import { ColdgateError, InputError, toColdgateError } from '../errors.ts';
import { isRequestSample } from '../model/sample.ts';
import { readConfig } from '../steps/read-config.ts';
import { bytesText, everyModel, type ModelResult } from '../steps/results.ts';
import { makeSample, sampleExists, samplePath } from '../steps/sample/make-sample.ts';
import { allProblems } from '../steps/source/all-problems.ts';
import type { Context, VerbResult } from '../steps/verb.ts';

export interface SampleInput {
  config: string;
  model?: string[] | undefined;
  inputs: string[];
  from?: string | undefined;
  output?: string | undefined;
  force: boolean;
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

function demandUrl(from: string | undefined): void {
  if (from === undefined || (URL.canParse(from) && /^https?:$/.test(new URL(from).protocol))) return;
  const message = `expected an http or https URL, got ${JSON.stringify(from)}.`;
  throw new InputError([{ path: '--from', message, hint: 'Give the address that the endpoint answers at.' }]);
}

/** Inputs, an endpoint and a path are of one model. */
function demandOne({ inputs, from, output }: SampleInput, models: readonly ModelEntry[]): void {
  const given = [
    ['--inputs', inputs.length > 0],
    ['--from', from !== undefined],
    ['--output', output !== undefined],
  ] as const;
  const [one] = given.find(([, is]) => is) ?? [];
  if (one === undefined || models.length === 1) return;
  const hint = `Add --model ${models[0]?.name ?? 'NAME'}.`;
  throw new InputError([{ path: one, message: `expected one model, got ${models.length}.`, hint }]);
}

async function sampleOf(
  config: Config,
  entry: ModelEntry,
  input: SampleInput,
  alone: boolean,
  context: Context,
): Promise<ModelResult> {
  const { name } = entry;
  const output = input.output === undefined ? samplePath(entry) : resolve(context.cwd, input.output);
  const label = relative(context.cwd, output);
  const result = { model: name, outputs: { sample: label }, summary: '' };
  if (!input.force && (await isThere(output))) {
    if (alone) throw sampleExists(label);
    const line = `${name} has a sample: ${label}.`;
    return { ...result, document: { sample: label, written: false }, lines: [line], summary: line };
  }
  const { inputs, from, force } = input;
  const { sample, bytes, notes } = await makeSample(config, entry, { inputs, from, output, force }, context);
  for (const note of notes) context.log.warn(note);
  const how = from ?? (inputs.length > 0 ? inputs.join(', ') : 'made-up inputs');
  const lines = [`${name}: ${label} is written, ${bytesText(bytes)}, from ${how}.`];
  if (inputs.length === 0)
    lines.push(
      '  Made-up inputs show that answers stay the same, not that they are good: give real ones with --inputs.',
    );
  if (entry.sample?.source !== output) {
    lines.push(`  Name it in models.yaml: models.${name}.sample: ${relative(config.root, output)}`);
  }
  const document = { sample: label, written: true, inputs: isRequestSample(sample) ? [] : Object.keys(sample.inputs) };
  return { ...result, document, lines, summary: lines[0] as string };
}

/** `coldgate sample`. A model of which none can be made keeps no other from its own. */
export async function run(input: SampleInput, context: Context): Promise<VerbResult> {
  const config = await readConfig(input.config, context, { checkFiles: false, withoutEnvironments: true });
  const models = selectModels(config, input.model ?? []);
  demandUrl(input.from);
  demandOne(input, models);
  const alone = models.length === 1;
  const failures: ColdgateError[] = [];
  const result = await everyModel('sample', models, async (entry) => {
    try {
      return await sampleOf(config, entry, input, alone, context);
    } catch (error) {
      if (alone || context.signal.aborted) throw error;
      const { name } = entry;
      const { code, exit, message, hint } = toColdgateError(error);
      failures.push(new ColdgateError(code, exit, `${name}: ${message}`, { cause: error, hint }));
      const document = { written: false, error: { code, message } };
      return { model: name, outputs: {}, document, lines: [], summary: `${name}: ${message}` };
    }
  });
  return failures.length > 0 ? { ...result, failure: allProblems(failures) } : result;
}
