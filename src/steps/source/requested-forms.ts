import { ColdgateError } from '../../errors.ts';
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
 * The load-optimised form that `optimize:` asks for, written into `out`. It is optional: the original serves without
 * it, with a slower start, so a form that is refused or cannot be made is left out with a warning that gives the
 * reason. Throws what is wrong with the model itself.
 */
export async function requestedForms(
  { entry, modelPath }: ModelSource,
  version: string,
  out: string,
  context: Context,
): Promise<MadeArtifact[]> {
  const { name, optimize: kind, sample } = entry;
  const { log } = context;
  if (kind === 'off') return [];
  log.info(`Making the load-optimised form (${kind}) of ${name} …`);
  try {
    return await makeArtifacts({ kind, model: modelPath, sample: sample?.source, out }, context);
  } catch (error) {
    if (!(error instanceof ColdgateError && refusals.has(error.code))) throw error;
    log.warn(`${name} ${version} is published without its "${kind}" form, as the original alone: ${error.message}`);
    return [];
  }
}
