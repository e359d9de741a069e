import type { ModelEntry } from '../config/types.ts';
import { ColdgateError, exitCodes, toColdgateError, UnprovenError } from '../errors.ts';
import type { GateOptions } from '../gate/rule/options.ts';
import { lambdaBudget } from '../package/budget.ts';
import { buildPackage } from '../package/build.ts';
import { cachedPackage } from '../package/package-cache.ts';
import type { PackageArchive, PackageFile } from '../package/package-file.ts';
import type { DeployRequest, Revision, ShiftStep, Target } from '../rollout/target.ts';
import { functionSettings } from './function-settings.ts';
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
 * runs an image is given that, built of the package where nobody else builds it. Throws ColdgateError `no-image` (exit 2) where none is named yet.
 */
export async function prepareDeployment(ws: Workspace, entry: ModelEntry, context: Context): Promise<Deployment> {
  const target = await ws.targetOf(entry);
  const { image } = target;
  if (!image) return { target, package: await packageFor(target, context) };
  if (image.package || !image.build) return { target, package: imagePackage(image.package) };
  const { cacheDir, dryRun } = context;
  const { name } = functionSettings(ws.environment, entry);
  return { target, package: await image.build(await packageFor(target, context), { name, cacheDir, dryRun }) };
}

/** The archive that a target takes, or that goes into its image. */
export async function packageFor(
  target: Target,
  context: Context,
  archive: PackageArchive | undefined = target.archive,
): Promise<PackageFile> {
  const { handlerDir, cacheDir, log, sharedCache, signal } = context;
  // One handler for every cloud: the tightest limit applies, unless its target allows more.
  const { platform, entry, budget = lambdaBudget, runtimeLayer } = target;
  const { path, sha256, size, unzipped, layer, tarSha256, contentDigest } = await buildPackage({
    ...{ platform, entry, handlerDir, cacheDir, log, sharedCache, signal, budget, archive, runtimeLayer },
  });
  return { path, sha256, size, unzipped, layer, tarSha256, contentDigest };
}

function imagePackage(image: PackageFile | undefined): PackageFile {
  if (image) return image;
  throw new ColdgateError('no-image', exitCodes.usage, 'target.image-digest names no image to run.', {
    hint: 'Write its files with coldgate deploy --image-context DIR, build and push it, and set image-digest to its digest.',
  });
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
  const { version, sha256, sample, manifest, manifestSha256 } = stored;
  const judge = role === 'live' ? shiftJudge(entry.gate) : undefined;
  return { settings, package: deployment.package, role, version, sha256, sample, manifest, manifestSha256, judge };
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
  const kept = await cachedPackage(cacheDir, live.packageSha256, deployment.target.archive);
  if (kept) return kept;
  log.warn('The package of the live function is not on this machine: both arms run the new one, models are compared.');
  return own;
}

/**
 * Holds each step of a weighted shift to the gate's own bound: no instance of the new revision may have needed longer
 * to start than `slo-ms`, by the first of the gate's metrics. Undefined where the gate has no bound. The judge throws
 * UnprovenError `slo-broken`.
 */
export function shiftJudge({ metrics, sloMs }: GateOptions): ((step: ShiftStep) => void) | undefined {
  const [metric] = metrics;
  if (sloMs === undefined || metric === undefined) return undefined;
  return ({ percent, timings }) => {
    const worst = Math.max(...timings.map((one) => one[metric] ?? 0));
    if (worst <= sloMs) return;
    const bound = `${metric} of ${Math.round(worst)} ms, and gate.slo-ms is ${sloMs}`;
    throw new UnprovenError('slo-broken', `At ${percent} % of the calls an instance had a ${bound}.`, {
      hint: 'The calls are back on the version before. Measure with coldgate warmup, or raise gate.slo-ms.',
      data: { percent, metric, worst, sloMs },
    });
  };
}

/** Takes away the candidate of a shipment that has ended; one that stays is a warning. */
export async function removeCandidates(
  { environment }: Workspace,
  entry: ModelEntry,
  { target }: Deployment,
  { log }: Pick<Context, 'log'>,
): Promise<void> {
  try {
    await target.remove(functionSettings(environment, entry), 'candidates');
    log.info(`  The candidate of ${entry.name} is removed.`);
  } catch (error) {
    const why = toColdgateError(error).message;
    log.warn(`The candidate of ${entry.name} could not be removed: ${why} Run coldgate destroy --candidates.`);
  }
}
