import type { AwsLambdaSettings } from '../../config/schema/aws-lambda.ts';
import type { PlatformDeps } from '../../rollout/platform.ts';
import { type LambdaCalls, openCalls } from './calls.ts';

/** What every operation of the platform works with. */
export interface LambdaContext extends PlatformDeps {
  settings: AwsLambdaSettings;
  calls: LambdaCalls;
  /** ARNs of layer versions by the sha256 of what is in them, as found by this run. */
  layers: Map<string, string>;
  /** The model version that a function was last asked to serve live by this run. */
  served: Map<string, string>;
}

export const contextOf = (settings: AwsLambdaSettings, deps: PlatformDeps): LambdaContext => ({
  ...deps,
  settings,
  calls: openCalls(settings.region, deps),
  layers: new Map(),
  served: new Map(),
});
