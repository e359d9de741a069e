import { selectModels } from '../config/select.ts';
import { IntegrityError } from '../errors.ts';
import type { TensorInfo } from '../model/manifest.ts';
import { formatDifference } from '../model/sample-compare.ts';
import { describeShape } from '../model/tensor-error.ts';
import { readManifest } from '../registry/version-contents.ts';
import { checkModel } from './check-model.ts';
import { inspectSources, type ModelSource } from './model-source.ts';
import { readConfig } from './read-config.ts';
import { bytesText, markdownTable } from './results.ts';
import type { Context, VerbResult } from './verb.ts';
import { openWorkspace, type WorkInput } from './workspace.ts';

export interface ValidateInput extends WorkInput {
  skipRun: boolean;
  /** The files alone: no environment is read and no store is asked, for runs without credentials. */
  local: boolean;
}

const tensorText = (t: TensorInfo) =>
  `${t.name} ${t.dtype}${describeShape(t.shape).replaceAll(', ', ',')}${t.optional ? ' (optional)' : ''}`;

/** Loads the model in a process of its own and runs its sample. Throws IntegrityError where either fails. */
async function runSample(source: ModelSource, context: Context): Promise<string> {
  const { name } = source.entry;
  const checked = await checkModel(source.modelPath, source.entry.sample?.source, context);
  if (!checked.loaded) {
    throw new IntegrityError('model-not-loadable', `The runtime refuses the model of ${name}: ${checked.reason}.`, {
      hint: `It is ONNX Runtime ${checked.runtime_version}; export the model for it.`,
    });
  }
  if (checked.sample === 'mismatch' && checked.difference) {
    const what = formatDifference(checked.difference);
    throw new IntegrityError('sample-mismatch', `The model of ${name} does not answer its golden sample: ${what}.`, {
      hint: 'Mend the outputs in the sample, or the model.',
    });
  }
  for (const warning of checked.warnings) context.log.warn(`${name}: ${warning}`);
  return checked.sample === 'ok' ? 'runs its sample' : 'loads; no sample';
}

const publishedText = (published: boolean | undefined): string =>
  published === undefined ? 'not asked' : published ? 'yes' : 'no';

/** What is checked, and the store that knows what is published; none in a run that may not ask it. */
async function openForCheck(input: ValidateInput, context: Context) {
  if (!input.local) return openWorkspace(input, context, { checkFiles: true });
  const options = { checkFiles: true, withoutEnvironments: true };
  const config = await readConfig(input.config, context, options);
  return { config, models: selectModels(config, input.model ?? []), store: undefined };
}

/** `coldgate validate`. */
export async function run(input: ValidateInput, context: Context): Promise<VerbResult> {
  const { config, models, store } = await openForCheck(input, context);
  const sources = await inspectSources(config, models);
  const rows: string[][] = [];
  const list = [];
  for (const source of sources) {
    const { name, version } = source.entry;
    const ran = input.skipRun ? 'not run' : await runSample(source, context);
    const published = store && (await readManifest(store, name, version)) !== undefined;
    list.push({ model: name, version, published: published ?? null });
    const { head } = source;
    const io = `${head.inputs.map(tensorText).join(', ')} -> ${head.outputs.map(tensorText).join(', ')}`;
    rows.push([name, version, bytesText(source.size), `opset ${head.opset}`, io, ran, publishedText(published)]);
  }
  const head = ['model', 'version', 'size', 'opset', 'interface', 'here', 'published'];
  return {
    outputs: { models: JSON.stringify(list) },
    document: { models: list },
    summary: `## Coldgate validate\n\n${markdownTable(head, rows)}`,
    lines: rows.map(([name, version, size, opset, io, ran]) => `${name} ${version}: ${size}, ${opset}, ${io}; ${ran}`),
  };
}
