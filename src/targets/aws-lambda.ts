import type { AwsLambdaSettings } from '../config/schema/aws-lambda.ts';
import { type Budget, lambdaBudget, lambdaImageBudget } from '../package/budget.ts';
import { deployCandidate } from './aws-lambda/deploy.ts';
import { describeFunction, planFunction } from './aws-lambda/describe.ts';
import { listFunctions } from './aws-lambda/list.ts';
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
  const world = worldOf(settings, deps);
  const sampling: Sampling = { seen: new Set(), workbench: Promise.resolve() };
  const { region, memory, architecture } = settings;
  return {
    key: `aws-lambda-${region}-${memory}-${architecture}`,
    platform: { os: 'linux', arch: architecture === 'arm64' ? 'arm64' : 'x64' },
    entry: 'lambda.mjs',
    budget: budgetOf(settings),
    runtimeLayer: settings.runtimeLayer,
    image: imageOf(settings),
    plan: (request) => planFunction(world, request),
    deploy: (request) => (request.role === 'live' ? routeLive(world, request) : deployCandidate(world, request)),
    sample: (request) => sampleCold(world, sampling, request),
    prepare: (request) => prepareLive(world, request),
    route: (request) => routeLive(world, request),
    restore: (request, move) => restoreLive(world, request, move),
    reach: ({ name }, revision) => reachRevision(world, name, revision),
    describe: ({ name }) => describeFunction(world, name),
    list: () => listFunctions(world),
    remove: ({ name }, what, keep?: string) => removeFunction(world, name, what, keep),
  };
}

/** Through a bucket a zip may have whatever unpacks to what Lambda takes; an image has limits of its own. */
function budgetOf(settings: AwsLambdaSettings): Budget {
  if (settings.package === 'image') return lambdaImageBudget;
  return settings.uploadBucket === undefined ? lambdaBudget : { ...lambdaBudget, zipped: lambdaBudget.unzipped };
}

/** The image that models.yaml names; nothing for zips. */
function imageOf({ package: form, imageRepository = '', imageDigest = '', baseImage }: AwsLambdaSettings) {
  if (form === 'zip') return undefined;
  const [, sha256] = imageDigest.split(':');
  const uri = `${imageRepository}@${imageDigest}`;
  return { base: baseImage, package: sha256 ? { path: '', size: 0, sha256, image: uri } : undefined };
}
