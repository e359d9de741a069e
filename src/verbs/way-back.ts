import { ConflictError, toColdgateError } from '../errors.ts';
import { keptPackage } from '../package/kept-package.ts';
import type { DeployRequest, PackageFile } from '../targets/target.ts';
import { deployRequest } from './deployment.ts';
import { takeBack } from './route-live.ts';
import { readStoredVersion } from './stored-version.ts';
import type { LiveWatch } from './watch.ts';

/** What came of taking a promotion back. */
export interface WayBack {
  outcome: 'rolled-back' | 'moved-on' | 'kept' | 'half-back';
  lines: string[];
  hint: string;
}

/**
 * Takes back what this run has moved, each by compare-and-swap: the pointer, then the function. Someone who has moved on
 * meanwhile stays, with both. Never throws for what goes wrong on the way, which would hide why it was taken back.
 */
export async function goBack(asked: LiveWatch): Promise<WayBack> {
  const { moved, entry } = asked;
  const ours = moved.promoted ? moved.pointer : undefined;
  if (!ours?.previous) return kept(asked);
  try {
    if (!(await pointerBack(asked))) return supersededBy(asked);
  } catch (error) {
    const { message, hint = '' } = toColdgateError(error);
    return { outcome: 'kept', lines: [`The pointer could not be taken back: ${message}`], hint };
  }
  const pointer = `The pointer is back on ${ours.previous.version}.`;
  const hint = `Read the log of the function, then publish a version that holds. coldgate history --model ${entry.name} has both moves.`;
  try {
    const restored = await functionBack(asked, ours.previous.version);
    const live = restored
      ? `The live function serves ${ours.previous.version} again, proven at ${restored}.`
      : 'Someone else has changed the live function meanwhile, so that stays.';
    return { outcome: 'rolled-back', lines: [pointer, live], hint };
  } catch (error) {
    const { message } = toColdgateError(error);
    const lines = [pointer, `The live function does not prove it: ${message}`];
    return {
      outcome: 'half-back',
      lines,
      hint: `Run coldgate rollback --model ${entry.name} --to ${ours.previous.version} to route it again.`,
    };
  }
}

function kept({ moved, entry, stored }: LiveWatch): WayBack {
  const line = moved.promoted
    ? `${stored.version} is the first version that was ever live, so there is nothing to go back to.`
    : 'This run did not move the pointer, so it takes nothing back.';
  const hint = moved.promoted ? 'Promote a version that holds.' : `coldgate rollback --model ${entry.name} goes back.`;
  return { outcome: 'kept', lines: [line], hint };
}

const supersededBy = ({ entry }: LiveWatch): WayBack => ({
  outcome: 'moved-on',
  lines: ['Someone else has moved the pointer meanwhile, so pointer and function stay as they are.'],
  hint: `coldgate history --model ${entry.name} says who.`,
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

/** Answers the address that has proven itself; nothing where someone else has moved on. */
async function functionBack(asked: LiveWatch, version: string): Promise<string | undefined> {
  const { workspace, entry, deployment, routed } = asked;
  const before = asked.before ?? routed.revision;
  const stored = await readStoredVersion(workspace.store, entry.name, version);
  const request: DeployRequest = {
    ...deployRequest(workspace, entry, deployment, stored, 'live'),
    package: await packageOf(asked, before.packageSha256),
  };
  const restored = await deployment.target.restore(request, { from: routed.revision, to: before });
  return restored?.revision.url;
}

/** The package that served before. Where it is no longer on this machine the new one stands in. */
async function packageOf({ deployment, context }: LiveWatch, sha256: string): Promise<PackageFile> {
  if (sha256 === deployment.package.sha256) return deployment.package;
  return (await keptPackage(context.cacheDir, sha256)) ?? deployment.package;
}
