import { resolve } from 'node:path';
import type { ModelEntry } from '../config/types.ts';
import { ColdgateError, exitCodes } from '../errors.ts';
import { writeImageContext } from '../package/image-context.ts';
import type { Change, DeployResult } from '../rollout/target.ts';
import { type Deployment, deployRequest, packageFor, prepareDeployment } from '../steps/deployment.ts';
import { eachModel, type ModelResult, markdownTable } from '../steps/results.ts';
import { readStoredVersion, type StoredVersion } from '../steps/stored-version.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { versionFor } from '../steps/version-for.ts';
import { openWorkspace, type WorkInput, type Workspace } from '../steps/workspace.ts';

export interface DeployInput extends WorkInput {
  version?: string | undefined;
  /** Folder for what an image is built from; nothing is then deployed. */
  imageContext?: string | undefined;
}

/** Deploys the candidate and runs its readiness proof. See Target.deploy for what it throws. */
export async function deployModel(
  workspace: Workspace,
  entry: ModelEntry,
  stored: StoredVersion,
  deployment: Deployment,
): Promise<DeployResult> {
  const request = deployRequest(workspace, entry, deployment, stored, 'candidate');
  return deployment.target.deploy(request);
}

export function deployReport(name: string, stored: StoredVersion, result: DeployResult): ModelResult {
  const { revision, changed } = result;
  const { url, id, packageSha256 } = revision;
  const did = changed ? 'is deployed' : 'was deployed already';
  const proof = stored.sample ? 'answered the golden sample' : 'answered';
  const line = `The candidate of ${name} ${stored.version} ${did} and ${proof} at ${url}, naming its version and sha256.`;
  const rows = [
    ['endpoint', url],
    ['revision', `\`${id}\``],
    ['package', `\`${packageSha256}\``],
  ];
  return {
    model: name,
    outputs: { 'endpoint-url': url, revision: id, 'package-sha256': packageSha256, changed: String(changed) },
    document: {
      version: stored.version,
      sha256: stored.sha256,
      'endpoint-url': url,
      'package-sha256': packageSha256,
      revision: id,
      changed,
    },
    lines: [line],
    summary: `${line}\n\n${markdownTable(['what', 'value'], rows)}`,
  };
}

const done = { create: 'Created', update: 'Updated', delete: 'Deleted', none: 'Kept' } as const;

/** `Would delete …` of a plan, `Deleted …` of what was done. */
export const changeText = ({ action, what }: Change, planned: boolean): string =>
  planned && action !== 'none' ? `Would ${action} ${what}.` : `${done[action]} ${what}.`;

function planReport(name: string, changes: readonly Change[]): ModelResult {
  const lines = changes.map((change) => changeText(change, true));
  const shownLines = lines.length > 0 ? lines : [`Nothing to change for ${name}.`];
  return { model: name, outputs: {}, document: { changes }, lines: shownLines, summary: shownLines.join('\n') };
}

/** Writes what the model's image is built from. The handler is the same for every model, and so is the image. */
async function imageContext(
  workspace: Workspace,
  entry: ModelEntry,
  folder: string,
  context: Context,
): Promise<ModelResult> {
  const target = await workspace.targetOf(entry);
  const base = target.image?.base;
  if (base === undefined) {
    throw new ColdgateError('no-base-image', exitCodes.usage, `The target of ${entry.name} names no base image.`, {
      hint: 'Set package: image and base-image under target, the latter by digest.',
    });
  }
  const zip = await packageFor(target, context, 'zip');
  if (!context.dryRun) await writeImageContext(zip, base, resolve(context.cwd, folder));
  const line = `${context.dryRun ? 'Would write' : 'Wrote'} ${folder}/Dockerfile for ${entry.name}: package ${zip.sha256.slice(0, 12)} on ${base}.`;
  return {
    model: entry.name,
    outputs: { 'package-sha256': zip.sha256, changed: 'false' },
    document: { 'image-context': folder, 'base-image': base, 'package-sha256': zip.sha256 },
    lines: [line, 'Build and push it, then set target.image-digest to its digest.'],
    summary: line,
  };
}

/** `coldgate deploy`. */
export async function run(input: DeployInput, context: Context): Promise<VerbResult> {
  const workspace = await openWorkspace(input, context, { checkFiles: false });
  const { store, models } = workspace;
  return eachModel('deploy', models, async (entry) => {
    if (input.imageContext !== undefined) return imageContext(workspace, entry, input.imageContext, context);
    const stored = await readStoredVersion(store, entry.name, versionFor(input.version, entry, models));
    const deployment = await prepareDeployment(workspace, entry, context);
    if (context.dryRun) {
      const request = deployRequest(workspace, entry, deployment, stored, 'candidate');
      return planReport(entry.name, await deployment.target.plan(request));
    }
    return deployReport(entry.name, stored, await deployModel(workspace, entry, stored, deployment));
  });
}
