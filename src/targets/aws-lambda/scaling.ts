import { createHash } from 'node:crypto';
import type { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { proxiedAgents } from '../../proxy.ts';
import { gone } from './address.ts';
import type { LambdaContext } from './context.ts';
import { setTags } from './function-settings.ts';
import type { RequestContext } from './refusal.ts';
import type { FunctionState } from './state.ts';

/** The version whose instances are scaled, and a digest of by what: `7 1f2e…`. */
const scalingTag = 'coldgate:scaling';
const none = 'none';
const policyName = 'coldgate';
const schedulePrefix = 'coldgate-';

type Sdk = typeof import('@aws-sdk/client-application-auto-scaling');

/** What is scaled, in the words of Application Auto Scaling. */
const placeOf = ({ name }: FunctionState, number: string) =>
  ({
    ServiceNamespace: 'lambda',
    ResourceId: `function:${name}:${number}`,
    ScalableDimension: 'lambda:function:ProvisionedConcurrency',
  }) as const;

/** Number of the version that is scaled, or may be; undefined where none is. */
export function scaledVersion({ tags }: FunctionState): string | undefined {
  const [number] = (tags[scalingTag] ?? none).split(' ');
  return number === none ? undefined : number;
}

/** The accepted number of warm instances: the number in models.yaml, or the range of its scaling. Pure. */
export function instanceBounds({ settings }: Pick<LambdaContext, 'settings'>): { least: number; most: number } {
  const { provisionedConcurrency, provisionedScaling } = settings;
  if (!provisionedScaling) return { least: provisionedConcurrency, most: provisionedConcurrency };
  const { maximum, schedules = [] } = provisionedScaling;
  return {
    least: Math.min(provisionedConcurrency, ...schedules.map((one) => one.minimum)),
    most: Math.max(maximum, ...schedules.map((one) => one.maximum)),
  };
}

/**
 * Makes Application Auto Scaling keep the number of warm instances of the live version within the bounds of
 * models.yaml, by utilisation and by schedule. Scaling belongs to the version, as the instances do (docs/facts.md P17),
 * so traffic has to be there already. A tag records that it is set up, so that later runs make no request. Returns true
 * if anything was changed.
 */
export async function ensureScaling(context: LambdaContext, state: FunctionState, number: string): Promise<boolean> {
  const { provisionedScaling, provisionedConcurrency } = context.settings;
  if (!provisionedScaling) return false;
  const digest = createHash('sha256')
    .update(JSON.stringify([provisionedConcurrency, provisionedScaling]))
    .digest('hex');
  const mark = `${number} ${digest.slice(0, 16)}`;
  if (state.tags[scalingTag] === mark) return false;
  // Before the instances of the version before are let go of, which would otherwise come back.
  if (scaledVersion(state) !== number) await endScaling(context, state);
  // Tagged before it is created, so that a later run finds it if this one is killed in between.
  await setTags(context, state, { [scalingTag]: `${number} new` });
  await register(context, state, number);
  await setTags(context, state, { [scalingTag]: mark });
  return true;
}

async function register(context: LambdaContext, state: FunctionState, number: string): Promise<void> {
  const { provisionedScaling: wanted, provisionedConcurrency: MinCapacity } = context.settings;
  if (!wanted) return;
  const { sdk, client, send } = await open(context);
  const place = placeOf(state, number);
  const { maximum: MaxCapacity, utilization: TargetValue, schedules = [] } = wanted;
  await send('RegisterScalableTarget', (options) =>
    client.send(new sdk.RegisterScalableTargetCommand({ ...place, MinCapacity, MaxCapacity }), options),
  );
  const TargetTrackingScalingPolicyConfiguration = {
    TargetValue,
    PredefinedMetricSpecification: { PredefinedMetricType: 'LambdaProvisionedConcurrencyUtilization' as const },
  };
  const policy = { ...place, PolicyName: policyName, PolicyType: 'TargetTrackingScaling' as const };
  await send('PutScalingPolicy', (options) =>
    client.send(new sdk.PutScalingPolicyCommand({ ...policy, TargetTrackingScalingPolicyConfiguration }), options),
  );
  await removeSchedules(context, state, number, schedules.length);
  for (const [at, { at: Schedule, minimum, maximum }] of schedules.entries()) {
    const ScalableTargetAction = { MinCapacity: minimum, MaxCapacity: maximum };
    const action = { ...place, ScheduledActionName: `${schedulePrefix}${at + 1}`, Schedule, ScalableTargetAction };
    await send('PutScheduledAction', (options) => client.send(new sdk.PutScheduledActionCommand(action), options));
  }
}

/** Removes our schedules that are no longer wanted; leaves others unchanged. */
async function removeSchedules(
  context: LambdaContext,
  state: FunctionState,
  number: string,
  wanted: number,
): Promise<void> {
  const { sdk, client, send } = await open(context);
  const place = placeOf(state, number);
  const { ScheduledActions = [] } = await send('DescribeScheduledActions', (options) =>
    client.send(new sdk.DescribeScheduledActionsCommand(place), options),
  );
  for (const { ScheduledActionName = '' } of ScheduledActions) {
    const [, at] = /^coldgate-(\d+)$/.exec(ScheduledActionName) ?? [];
    if (at === undefined || Number(at) <= wanted) continue;
    const action = { ...place, ScheduledActionName };
    const removing = send('DeleteScheduledAction', (options) =>
      client.send(new sdk.DeleteScheduledActionCommand(action), options),
    );
    await gone(removing);
  }
}

/** Ends the scaling, with its policy, schedules and alarms; instances stay as they are. What is gone already is fine. */
export async function endScaling(context: LambdaContext, state: FunctionState): Promise<void> {
  const number = scaledVersion(state);
  if (number === undefined) return;
  const { sdk, client, send } = await open(context);
  const place = placeOf(state, number);
  const ending = send('DeregisterScalableTarget', (options) =>
    client.send(new sdk.DeregisterScalableTargetCommand(place), options),
  );
  await gone(ending);
}

/** Ends it where models.yaml no longer asks for it. Returns whether it did. */
export async function dropScaling(context: LambdaContext, state: FunctionState): Promise<boolean> {
  if (context.settings.provisionedScaling || scaledVersion(state) === undefined) return false;
  await endScaling(context, state);
  return setTags(context, state, { [scalingTag]: none });
}

interface Opened {
  sdk: Sdk;
  client: ApplicationAutoScalingClient;
  send<O>(action: string, work: (options: { abortSignal: AbortSignal }) => Promise<O>): Promise<O>;
}

async function open({ calls, settings }: LambdaContext): Promise<Opened> {
  const sdk: Sdk = await import('@aws-sdk/client-application-auto-scaling');
  const client = new sdk.ApplicationAutoScalingClient({
    region: settings.region,
    maxAttempts: 1,
    requestHandler: proxiedAgents(),
  });
  const requestContextOf = (action: string): RequestContext => ({
    action: `application-autoscaling:${action}`,
    resource: '*',
  });
  return { sdk, client, send: (action, work) => calls.withRetry(work, requestContextOf(action)) };
}
