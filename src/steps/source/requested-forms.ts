import { dirname } from 'node:path';
import { ColdgateError } from '../../errors.ts';
import { needsTensorForm } from '../../onnx/served-outputs.ts';
import type { MadeArtifact } from '../../optimize/jobs.ts';
import type { Context } from '../verb.ts';
import { makeArtifacts } from './check-model.ts';
import type { ModelSource } from './model-source.ts';

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

/**
 * The forms that a version is published with beside the original, written into `out`: the one with tensors in place of
 * outputs that are none, where there are such, and the load-optimised one that `optimize:` asks for. The latter is
 * optional: the original serves without it, with a slower start, so a form that is refused or cannot be made is left out
 * with a warning that gives the reason. Throws what is wrong with the model itself.
 */
export async function requestedForms(
  { entry, modelPath, head }: ModelSource,
  version: string,
  out: string,
  context: Context,
): Promise<MadeArtifact[]> {
  const { name, optimize: kind, sample } = entry;
  const { log } = context;
  const tensors = needsTensorForm(head) ? await makeArtifacts({ kind: 'tensors', model: modelPath, out }, context) : [];
  if (kind === 'off') return tensors;
  const model = tensors[0]?.source ?? modelPath;
  const job = { kind, model, folder: dirname(modelPath), sample: sample?.source, out };
  log.info(`Making the load-optimised form (${kind}) of ${name} …`);
  try {
    return [...tensors, ...(await makeArtifacts(job, context))];
  } catch (error) {
    if (!(error instanceof ColdgateError && refusals.has(error.code))) throw error;
    log.warn(`${name} ${version} is published without its "${kind}" form, as the original alone: ${error.message}`);
    return tensors;
  }
}
