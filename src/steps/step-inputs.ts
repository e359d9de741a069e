import type { ModelEntry } from '../config/types.ts';
import { GateError, InputError, IntegrityError, UnprovenError } from '../errors.ts';
import { functionSettings } from './function-settings.ts';
import { readStoredVersion } from './stored-version.ts';
import type { Context, VerbResult } from './verb.ts';
import { versionFor } from './version-for.ts';
import { openWorkspace, type WorkInput, type Workspace } from './workspace.ts';

/** Outputs of an earlier step, passed as inputs that this step checks. Each is optional. */
export interface StepInputs extends WorkInput {
  version?: string | undefined;
  sha256?: string | undefined;
  endpointUrl?: string | undefined;
  verdict?: 'pass' | 'regression' | 'inconclusive' | 'error' | undefined;
}

/** Throws GateError or UnprovenError for any verdict but a pass. */
function checkVerdict({ verdict }: StepInputs): void {
  if (verdict === undefined || verdict === 'pass') return;
  const message = `The verdict passed to this step is ${verdict}.`;
  const hint = 'Look at the report of the warm-up; without the input the recorded verdict decides.';
  if (verdict === 'error') throw new UnprovenError('verdict-error', message, { hint });
  throw new GateError(verdict, message, { hint });
}

async function checkSha256(ws: Workspace, entry: ModelEntry, input: StepInputs): Promise<void> {
  const version = versionFor(input.version, entry, ws.models);
  const { sha256 } = await readStoredVersion(ws.store, entry.name, version);
  if (sha256 === input.sha256) return;
  throw new IntegrityError(
    'sha256-differs',
    `${entry.name} ${version} has sha256 ${sha256}, and ${input.sha256} was passed to this step.`,
    { hint: 'The steps are not about the same version: pass version and sha256 of one step.' },
  );
}

async function checkEndpoint(ws: Workspace, entry: ModelEntry, input: StepInputs): Promise<void> {
  const version = versionFor(input.version, entry, ws.models);
  const target = await ws.targetOf(entry);
  const { candidates } = await target.describe(functionSettings(ws.environment, entry));
  const found = candidates.some((c) => c.version === version && c.url === input.endpointUrl?.replace(/\/$/, ''));
  if (found) return;
  const there = candidates.map((c) => `${c.version} at ${c.url}`).join(', ') || 'none';
  throw new UnprovenError(
    'endpoint-differs',
    `No candidate of ${entry.name} ${version} is at ${input.endpointUrl}; candidates: ${there}.`,
    { hint: 'Run deploy first, on the same environment and the same machine or account.' },
  );
}

/**
 * Checks the outputs of an earlier step before the verb does anything. Throws InputError where they are of one model
 * and several are chosen, IntegrityError `sha256-differs`, UnprovenError `endpoint-differs`, GateError.
 */
async function checkStepInputs(input: StepInputs, context: Context): Promise<void> {
  checkVerdict(input);
  if (input.sha256 === undefined && input.endpointUrl === undefined) return;
  const workspace = await openWorkspace(input, context, { checkFiles: false });
  const [entry, ...others] = workspace.models;
  if (!entry || others.length > 0) {
    const path = input.sha256 === undefined ? 'endpoint-url' : 'sha256';
    const message = `is about one model, and ${workspace.models.length} were chosen.`;
    throw new InputError([{ path, message, hint: 'Add the model.' }]);
  }
  if (input.sha256 !== undefined) await checkSha256(workspace, entry, input);
  if (input.endpointUrl !== undefined) await checkEndpoint(workspace, entry, input);
}

/** The verb, preceded by the check of its step inputs. */
export const checked =
  <I extends WorkInput>(run: (input: I, context: Context) => Promise<VerbResult>) =>
  async (input: I & StepInputs, context: Context): Promise<VerbResult> => {
    await checkStepInputs(input, context);
    return run(input, context);
  };
