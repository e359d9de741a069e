import type { ModelEntry } from '../../config/types.ts';
import { ConflictError, toColdgateError } from '../../errors.ts';
import { cachedPackage } from '../../package/package-cache.ts';
import type { PackageFile } from '../../package/package-file.ts';
import type { MoveResult } from '../../registry/pointer/move-result.ts';
import { readPointer } from '../../registry/pointer/read-pointer.ts';
import type { DeployRequest, DeployResult, Revision } from '../../rollout/target.ts';
import type { Deployment } from '../deployment.ts';
import { deployRequest } from '../deployment.ts';
import type { StoredVersion } from '../stored-version.ts';
import { readStoredVersion } from '../stored-version.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';
import { takeBack } from './route-live.ts';

/** What has just been made live, and what was live before: the watch probes the former and rolls back to the latter. */
export interface LiveWatch {
  workspace: Workspace;
  entry: ModelEntry;
  stored: StoredVersion;
  deployment: Deployment;
  /** What this run has done: its move of the pointer, and what it made live. */
  moved: MoveResult;
  routed: DeployResult;
  /** What was live before; undefined at the first deployment. */
  before: Revision | undefined;
  seconds: number;
  context: Context;
}

/**
 * Result of an auto-rollback: `rolled-back` pointer and function, proven; `partially-rolled-back` the pointer, but the
 * function does not prove it; `rollback-failed` neither is known to be back; `not-rolled-back` this run had moved
 * nothing; `superseded` someone else has moved the pointer, which stays.
 */
export type AutoRollbackOutcome =
  | 'rolled-back'
  | 'partially-rolled-back'
  | 'rollback-failed'
  | 'not-rolled-back'
  | 'superseded';

export interface AutoRollback {
  outcome: AutoRollbackOutcome;
  lines: string[];
  hint: string;
}

/**
 * Rolls back what this run has moved, each by compare-and-swap: the pointer, then the function. A later move of someone
 * else stays, with both. Never throws for a failed rollback, which would hide its reason.
 */
export async function autoRollback(input: LiveWatch): Promise<AutoRollback> {
  const { moved, entry } = input;
  const previous = moved.promoted ? moved.pointer?.previous : undefined;
  if (!previous) return notRolledBack(input);
  try {
    if (!(await pointerBack(input))) return supersededBy(input);
  } catch (error) {
    return rollbackFailed(input, previous.version, error);
  }
  const pointer = `The pointer is back on ${previous.version}.`;
  const route = `Run coldgate rollback --model ${entry.name} --to ${previous.version} to route it again.`;
  try {
    const restored = await functionBack(input, previous.version);
    if (!restored) {
      const line = 'Someone else has changed the live function meanwhile, so that stays.';
      const hint = `coldgate status --model ${entry.name} shows what it serves. ${route}`;
      return { outcome: 'partially-rolled-back', lines: [pointer, line], hint };
    }
    const lines = [pointer, `The live function serves ${previous.version} again, proven at ${restored}.`];
    const hint = `Read the log of the function, then publish a version that holds. coldgate history --model ${entry.name} has both moves.`;
    return { outcome: 'rolled-back', lines, hint };
  } catch (error) {
    const lines = [pointer, `The live function does not prove it: ${toColdgateError(error).message}`];
    return { outcome: 'partially-rolled-back', lines, hint: route };
  }
}

/** The failure's message: what the pointer names now, if it can still be read, and what to type. */
async function rollbackFailed(
  { workspace, entry }: LiveWatch,
  previous: string,
  error: unknown,
): Promise<AutoRollback> {
  const { message, hint = '' } = toColdgateError(error);
  const now = await readPointer(workspace.store, entry.name, workspace.environment.pointer).then(
    (found) => (found ? `It names ${found.pointer.version} (move ${found.pointer.sequence}).` : 'There is no pointer.'),
    () => 'What it names now is not known: it cannot be read.',
  );
  const next = `Then run coldgate rollback --model ${entry.name} --to ${previous}, which does nothing where it is back already.`;
  return {
    outcome: 'rollback-failed',
    lines: [`The pointer could not be taken back to ${previous}: ${message} ${now}`],
    hint: hint === '' ? next.replace('Then run', 'Run') : `${hint} ${next}`,
  };
}

function notRolledBack({ moved, entry, stored }: LiveWatch): AutoRollback {
  const line = moved.promoted
    ? `${stored.version} is the first version that was ever live, so there is nothing to go back to.`
    : 'This run did not move the pointer, so it takes nothing back.';
  const hint = moved.promoted ? 'Promote a version that holds.' : `coldgate rollback --model ${entry.name} goes back.`;
  return { outcome: 'not-rolled-back', lines: [line], hint };
}

const supersededBy = ({ entry }: LiveWatch): AutoRollback => ({
  outcome: 'superseded',
  lines: ['Someone else has moved the pointer meanwhile, so pointer and function stay as they are.'],
  hint: `coldgate history --model ${entry.name} shows who.`,
});

async function pointerBack({ workspace, entry, moved, context }: LiveWatch): Promise<boolean> {
  if (!moved.pointer) return false;
  try {
    return await takeBack(workspace, entry, moved.pointer, context, 'watch');
  } catch (error) {
    if (error instanceof ConflictError && error.code === 'lost-swap') return false;
    throw error;
  }
}

/**
 * Returns the address that passed its readiness proof; undefined where someone else has moved the function meanwhile.
 */
async function functionBack(input: LiveWatch, version: string): Promise<string | undefined> {
  const { workspace, entry, deployment, routed } = input;
  const before = input.before ?? routed.revision;
  const stored = await readStoredVersion(workspace.store, entry.name, version);
  const request: DeployRequest = {
    ...deployRequest(workspace, entry, deployment, stored, 'live'),
    package: await packageOf(input, before.packageSha256),
  };
  const restored = await deployment.target.restore(request, { from: routed.revision, to: before });
  return restored?.revision.url;
}

/** The package that served before. Where it is no longer on this machine the new one stands in. */
async function packageOf({ deployment, context }: LiveWatch, sha256: string): Promise<PackageFile> {
  if (sha256 === deployment.package.sha256) return deployment.package;
  return (await cachedPackage(context.cacheDir, sha256)) ?? deployment.package;
}
