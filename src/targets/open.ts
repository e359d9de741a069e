import type { AwsLambdaSettings } from '../config/schema/aws-lambda.ts';
import type { CloudTargetSettings, TargetSettings } from '../config/types.ts';
import { ColdgateError, exitCodes } from '../errors.ts';
import type { PlatformDeps } from '../rollout/platform.ts';
import { rolloutTarget } from '../rollout/rollout.ts';
import type { Target } from '../rollout/target.ts';

/**
 * The target of an environment or model. Each driver is loaded when it is met, so a run pays for no other.
 * Throws ColdgateError `target-not-available` (exit 2) for a service that this build cannot deploy to, and
 * `platform-not-supported` (exit 2) where the local target cannot run on this machine.
 */
export async function openTarget(settings: TargetSettings, deps: PlatformDeps): Promise<Target> {
  if (settings.provider === 'local') {
    const { LocalPlatform } = await import('./local/platform.ts');
    return rolloutTarget(new LocalPlatform(settings, deps), deps);
  }
  if (settings.provider === 'aws-lambda') {
    const { LambdaPlatform } = await import('./aws-lambda/platform.ts');
    return rolloutTarget(new LambdaPlatform(settings as unknown as AwsLambdaSettings, deps), deps);
  }
  throw notAvailable(settings.provider);
}

function notAvailable(provider: CloudTargetSettings['provider']): ColdgateError {
  return new ColdgateError(
    'target-not-available',
    exitCodes.usage,
    `This version of Coldgate cannot deploy to ${provider}: it knows the settings, the driver is not in this build.`,
    {
      hint: 'Use `provider: local` or `provider: aws-lambda` for now, or a release whose notes list this target.',
      data: { provider },
    },
  );
}
