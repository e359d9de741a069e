import type { ModelEntry } from '../../config/types.ts';
import { ColdgateError, toColdgateError } from '../../errors.ts';
import type { Pointer } from '../../model/pointer.ts';
import { movePointer } from '../../registry/pointer/pointer-swap.ts';
import { readPointer } from '../../registry/pointer/read-pointer.ts';
import type { DeployResult } from '../../rollout/target.ts';
import { type Deployment, deployRequest } from '../deployment.ts';
import { functionSettings } from '../function-settings.ts';
import { readStoredVersion, type StoredVersion } from '../stored-version.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';

/** Whether a function of the model is deployed in this environment, so that a move of the pointer must be proven by it. */
export async function isDeployed(workspace: Workspace, entry: ModelEntry): Promise<boolean> {
  const target = await workspace.targetOf(entry);
  const state = await target.describe(functionSettings(workspace.environment, entry));
  return state.live !== undefined || state.candidates.length > 0;
}

/** Has all ready that the live function will run, provisioned instances included, before the pointer moves. */
export async function prepareLive(
  workspace: Workspace,
  entry: ModelEntry,
  stored: StoredVersion,
  deployment: Deployment,
): Promise<void> {
  await deployment.target.prepare?.(deployRequest(workspace, entry, deployment, stored, 'live'));
}

/** The move of the pointer that the live function must follow, and how to take it back. */
export interface Moved {
  /** What this run wrote; undefined when the pointer was there already. */
  pointer: Pointer | undefined;
}

/**
 * Undoes our move: only while the pointer is still the one that we wrote. A later move of someone else stays. Returns
 * whether it was undone.
 * @param verb recorded as the cause. Default: the verb that made the move, which the next run then makes again
 */
export async function takeBack(
  ws: Workspace,
  entry: ModelEntry,
  ours: Pointer,
  context: Context,
  verb = ours.verb,
): Promise<boolean> {
  const { store, environment } = ws;
  const { previous } = ours;
  const current = await readPointer(store, entry.name, environment.pointer);
  if (!previous || current?.pointer.promotion_id !== ours.promotion_id) return false;
  const before = await readStoredVersion(store, entry.name, previous.version);
  const { actor, runUrl, now, log } = context;
  const { version, manifestSha256 } = before;
  const mover = { store, model: entry.name, pointer: environment.pointer, actor, verb, runUrl, now, log };
  const proof = { manifestSha256 };
  await movePointer({ ...mover, version, proof, kind: 'rollback', gate: { verdict: 'none' }, current });
  return true;
}

/**
 * Makes the live function run this package, checks that it serves the version, then removes candidates. If it does not
 * pass its readiness proof, our move of the pointer is undone before the failure is reported.
 */
export async function routeLive(
  workspace: Workspace,
  entry: ModelEntry,
  stored: StoredVersion,
  deployment: Deployment,
  moved: Moved,
  context: Context,
): Promise<DeployResult> {
  const { target } = deployment;
  try {
    const routed = await target.route(deployRequest(workspace, entry, deployment, stored, 'live'));
    // Looking for candidates again would cost an unchanged release as much as all of routing.
    if (routed.candidates !== 0) await target.remove(functionSettings(workspace.environment, entry), 'candidates');
    return routed;
  } catch (error) {
    if (!moved.pointer) throw error;
    throw await takenBack(error, workspace, entry, moved.pointer, context);
  }
}

/** The failure to report after the attempt to undo our move: it includes a rollback that failed as well. */
async function takenBack(
  thrown: unknown,
  workspace: Workspace,
  entry: ModelEntry,
  ours: Pointer,
  context: Context,
): Promise<unknown> {
  try {
    const isBack = await takeBack(workspace, entry, ours, context);
    if (isBack) {
      context.log.warn(`The live function did not prove ${ours.version}: the pointer is back on what was live before.`);
    }
    return thrown;
  } catch (failed) {
    const error = toColdgateError(thrown);
    const { message, hint } = toColdgateError(failed);
    const next = `coldgate rollback --model ${entry.name} --to ${ours.previous?.version}`;
    return new ColdgateError(
      error.code,
      error.exit,
      `${error.message} And the pointer, which names ${ours.version}, could not be taken back: ${message}`,
      { hint: [hint, `Take it back with ${next}.`].filter(Boolean).join(' '), cause: thrown, data: error.data },
    );
  }
}
