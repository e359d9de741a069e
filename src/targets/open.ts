import type { Provider, SettingsByProvider, TargetSettings } from '../config/types.ts';
import type { PlatformDeps } from '../rollout/platform.ts';
import { rolloutTarget } from '../rollout/rollout.ts';
import type { Target } from '../rollout/target.ts';

type Open<P extends Provider> = (settings: SettingsByProvider[P], deps: PlatformDeps) => Promise<Target>;

/** Every provider's platform, loaded on first use: a run loads no other. */
const openers: { [P in Provider]: Open<P> } = {
  local: async (settings, deps) => {
    const { LocalPlatform } = await import('./local/platform.ts');
    return rolloutTarget(new LocalPlatform(settings, deps), deps);
  },
  'aws-lambda': async (settings, deps) => {
    const { LambdaPlatform } = await import('./aws-lambda/platform.ts');
    return rolloutTarget(new LambdaPlatform(settings, deps), deps);
  },
  'google-cloud-run': async (settings, deps) => {
    const { CloudRunPlatform } = await import('./google-cloud-run/platform.ts');
    return rolloutTarget(new CloudRunPlatform(settings, deps), deps);
  },
  'azure-functions': async (settings, deps) => {
    const { FlexPlatform } = await import('./azure-functions/platform.ts');
    return rolloutTarget(new FlexPlatform(settings, deps), deps);
  },
};

const openAs = <P extends Provider>(
  provider: P,
  settings: SettingsByProvider[P],
  deps: PlatformDeps,
): Promise<Target> => openers[provider](settings, deps);

/**
 * The target of an environment or model. Throws ColdgateError `platform-not-supported` (exit 2) where the local target cannot run on this machine.
 */
export const openTarget = (settings: TargetSettings, deps: PlatformDeps): Promise<Target> =>
  openAs(settings.provider, settings, deps);
