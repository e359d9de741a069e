import { dirname } from 'node:path';
import type { ModelEntry } from '../../config/types.ts';
import { ColdgateError } from '../../errors.ts';
import { needsTensorForm } from '../../onnx/served-outputs.ts';
import type { MadeArtifact } from '../../optimize/jobs.ts';
import type { Context } from '../verb.ts';
import { makeArtifacts, makeTokenizer } from './check-model.ts';
import { type ModelSource, taskJob } from './model-source.ts';

/** Codes of errors that are about a load-optimised form, and not about its model. */
const refusals = new Set([
  'parity',
  'parity-unmeasured',
  'hardware-bound',
  'artifact-unsupported',
  'optimizer-crashed',
  'optimizer-timeout',
  'optimizer-memory',
]);

/** What the ORT format holds: its buffers have 32-bit offsets, and the graph takes room besides the weights, bytes. */
const largestCold = 2 ** 31 - 64 * 1024 * 1024;

/**
 * The forms that a version is published with beside the original, written into `out`: the one with tensors in place of
 * outputs that are none, where there are such, and the load-optimised one that `optimize:` asks for. Unless that is
 * required it is optional: the original serves without it, with a slower start, so a form that is refused or cannot be
 * made is left out with a warning that gives the reason. Throws what is wrong with the model itself.
 */
export async function requestedForms(
  source: ModelSource,
  version: string,
  out: string,
  context: Context,
): Promise<MadeArtifact[]> {
  const { modelPath, head } = source;
  const made = needsTensorForm(head) ? await makeArtifacts({ kind: 'tensors', model: modelPath, out }, context) : [];
  const tensors = made.map((one) => ({ ...one, required: true }));
  const tokenizer = await compiledTokenizer(source, out, context);
  return [
    ...tensors,
    ...tokenizer,
    ...(await optimizedForm(source, tensors[0]?.source ?? modelPath, version, out, context)),
  ];
}

/** Without it functions could not serve the task, so there is no version without it. */
async function compiledTokenizer(source: ModelSource, out: string, context: Context): Promise<MadeArtifact[]> {
  const job = taskJob(source);
  const model = job && 'text' in job.section ? job.files[job.section.text.tokenizer] : undefined;
  return model === undefined ? [] : [await makeTokenizer({ model, out }, context)];
}

async function optimizedForm(
  source: ModelSource,
  model: string,
  version: string,
  out: string,
  context: Context,
): Promise<MadeArtifact[]> {
  const { entry, modelPath, size } = source;
  const { name, optimize, formRequired, sample } = entry;
  const { log } = context;
  if (optimize === 'off') return [];
  const kind = optimize === 'cold' && size > largestCold ? 'steady' : optimize;
  if (kind !== optimize) log.info(`${name} is too large for the format of its "cold" form, and gets a "steady" one.`);
  log.info(`Making the load-optimised form (${kind}) of ${name} …`);
  try {
    const artifacts = await makeArtifacts(
      { kind, model, folder: dirname(modelPath), sample: sample?.source, task: taskJob(source), out },
      context,
    );
    return artifacts.map((one) => ({ ...one, required: formRequired }));
  } catch (error) {
    if (!(error instanceof ColdgateError && refusals.has(error.code))) throw error;
    if (formRequired) throw required(entry, version, error);
    log.warn(`${name} ${version} is published without its "${kind}" form, as the original alone: ${error.message}`);
    return [];
  }
}

const required = ({ name, optimize }: ModelEntry, version: string, { code, exit, message, data }: ColdgateError) =>
  new ColdgateError(code, exit, `${name} ${version} is not published without the form that it requires: ${message}`, {
    hint: `Set models.${name}.optimize to ${optimize}, without require, to publish the original alone where there is none.`,
    data,
  });
