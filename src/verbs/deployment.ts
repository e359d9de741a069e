import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelEntry } from '../config/types.ts';
import { lambdaBudget } from '../package/budget.ts';
import { buildPackage } from '../package/build.ts';
import type { DeployRequest, PackageFile, Revision, Target } from '../targets/target.ts';
import { functionSettings } from './function-settings.ts';
import { shiftJudge } from './shift-judge.ts';
import type { StoredVersion } from './stored-version.ts';
import type { Context } from './verb.ts';
import type { Workspace } from './workspace.ts';

/** What is needed to run one model's function somewhere: the opened target and the package for it. */
export interface Deployment {
  target: Target;
  package: PackageFile;
}

/**
 * Opens the model's target and builds the package for its platform; an unchanged one comes from the cache. A target that
 * runs an image is given that.
 */
export async function prepareDeployment(ws: Workspace, entry: ModelEntry, context: Context): Promise<Deployment> {
  const target = await ws.targetOf(entry);
  if (target.image) return { target, package: target.image };
  const { handlerDir, cacheDir, log, sharedCache, signal } = context;
  // One handler for every cloud: it is held to the tightest limit, unless its target says that it takes more.
  const { platform, entry: adapter, budget = lambdaBudget } = target;
  const options = { platform, entry: adapter, handlerDir, cacheDir, log, sharedCache, signal, budget };
  const built = await buildPackage(options);
  return { target, package: { path: built.path, sha256: built.sha256, size: built.size } };
}

/** The request that deploys or routes this version. */
export function deployRequest(
  { environment }: Workspace,
  entry: ModelEntry,
  deployment: Deployment,
  stored: StoredVersion,
  role: 'candidate' | 'live',
): DeployRequest {
  const settings = functionSettings(environment, entry);
  const { version, sha256, sample } = stored;
  const judge = role === 'live' ? shiftJudge(entry.gate) : undefined;
  return { settings, package: deployment.package, role, version, sha256, sample, judge };
}

/**
 * The package that the live revision runs, so that the measurement compares what serves with what would serve. Where
 * that zip is no longer on this machine, the new package stands in, and only the models are compared.
 */
export async function packageOfLive(
  live: Revision | undefined,
  deployment: Deployment,
  { cacheDir, log }: Context,
): Promise<PackageFile> {
  const own = deployment.package;
  if (!live || live.packageSha256 === own.sha256) return own;
  const repository = own.image?.split('@')[0];
  if (repository !== undefined) {
    return { ...own, sha256: live.packageSha256, image: `${repository}@sha256:${live.packageSha256}` };
  }
  const path = join(cacheDir, 'packages', `${live.packageSha256}.zip`);
  try {
    const { size } = await stat(path);
    return { path, sha256: live.packageSha256, size };
  } catch {
    log.warn(
      'The package of the live function is not on this machine: both arms run the new one, models are compared.',
    );
    return own;
  }
}
