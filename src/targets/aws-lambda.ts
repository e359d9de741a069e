import type { AwsLambdaSettings } from '../config/schema/aws-lambda.ts';
import { ColdgateError, exitCodes } from '../errors.ts';
import { lambdaBudget } from '../package/budget.ts';
import { deployCandidate } from './aws-lambda/deploy.ts';
import { describeFunction, planFunction } from './aws-lambda/describe.ts';
import { removeFunction } from './aws-lambda/remove.ts';
import { reachRevision, restoreLive } from './aws-lambda/restore.ts';
import { prepareLive, routeLive } from './aws-lambda/route.ts';
import { type Sampling, sampleCold } from './aws-lambda/sample.ts';
import { worldOf } from './aws-lambda/world.ts';
import type { TargetDeps } from './open.ts';
import type { Target } from './target.ts';

/**
 * Functions on AWS Lambda: one function per model and environment. A candidate is a published version pinned to a model
 * version, behind an alias of its own; the live one a published version that follows the pointer, behind the alias `live`.
 * All that must be remembered stands in Lambda itself. Design: docs/aws-lambda.md.
 */
export function awsLambdaTarget(settings: AwsLambdaSettings, deps: TargetDeps): Target {
  checkSupported(settings);
  const world = worldOf(settings, deps);
  const sampling: Sampling = { seen: new Set(), workbench: Promise.resolve() };
  const { region, memory, architecture } = settings;
  return {
    key: `aws-lambda-${region}-${memory}-${architecture}`,
    platform: { os: 'linux', arch: architecture === 'arm64' ? 'arm64' : 'x64' },
    entry: 'lambda.mjs',
    // Through a bucket a zip may have whatever unpacks to what Lambda takes.
    budget: settings.uploadBucket === undefined ? lambdaBudget : { ...lambdaBudget, zipped: lambdaBudget.unzipped },
    plan: (request) => planFunction(world, request),
    deploy: (request) => (request.role === 'live' ? routeLive(world, request) : deployCandidate(world, request)),
    sample: (request) => sampleCold(world, sampling, request),
    prepare: (request) => prepareLive(world, request),
    route: (request) => routeLive(world, request),
    restore: (request, move) => restoreLive(world, request, move),
    reach: ({ name }, revision) => reachRevision(world, name, revision),
    describe: ({ name }) => describeFunction(world, name),
    remove: ({ name }, what, keep?: string) => removeFunction(world, name, what, keep),
  };
}

/** Throws ColdgateError `setting-not-available` (exit 2) for settings that this build knows and cannot carry out. */
function checkSupported(settings: AwsLambdaSettings): void {
  const asked = [
    settings.package === 'image' && 'package: image',
    settings.provisionedScaling && 'provisioned-scaling',
  ].filter((name) => typeof name === 'string');
  if (asked.length === 0) return;
  throw new ColdgateError(
    'setting-not-available',
    exitCodes.usage,
    `This version of Coldgate does not carry out ${asked.join(', ')} of an aws-lambda target yet.`,
    { hint: 'Leave it out for now, or use a release whose notes list it.', data: { settings: asked } },
  );
}
