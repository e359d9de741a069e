import {
  DeleteFunctionConcurrencyCommand,
  PutFunctionConcurrencyCommand,
  TagResourceCommand,
} from '@aws-sdk/client-lambda';
import type { LambdaContext } from './context.ts';
import { ensureLogGroup, functionLogGroup } from './log-group.ts';
import { ownerTag } from './names.ts';
import type { FunctionState } from './state.ts';

/** Tag: the retention of the function's log group in days, so that not every run has to ask for it. */
const retentionTag = 'coldgate:log-retention-days';
/** The cap was set from models.yaml, so that taking it out there takes it away here; one set by hand stays. */
const cappedTag = 'coldgate:reserved-concurrency';

/** Tags that the function is made with. */
export const tagsOf = ({ settings }: LambdaContext, name: string): Record<string, string> => ({
  ...settings.tags,
  [ownerTag]: name,
});

/**
 * What belongs to the function and not to a version: its log group, the cap of its instances, tags. Only differences
 * are sent; the tags, which record that the rest is done, last. Returns true if there were any.
 */
export async function ensureFunctionSettings(context: LambdaContext, state: FunctionState): Promise<boolean> {
  const { logRetentionDays } = context.settings;
  if (state.tags[retentionTag] !== String(logRetentionDays))
    await ensureLogGroup(context, functionLogGroup(state.name));
  const capTag = await ensureCap(context, state);
  const wanted = { ...tagsOf(context, state.name), [retentionTag]: String(logRetentionDays), [cappedTag]: capTag };
  return setTags(context, state, wanted);
}

/** What `ensureFunctionSettings` would change, in words. Pure. */
export function plannedSettings({ settings }: Pick<LambdaContext, 'settings'>, state: FunctionState): string[] {
  const { logRetentionDays, reservedConcurrency, tags = {} } = settings;
  const { reserved } = state;
  const names = Object.entries(tags).filter(([key, value]) => state.tags[key] !== value);
  const cap = reservedConcurrency ?? (state.tags[cappedTag] === 'set' ? undefined : reserved);
  return [
    ...(state.tags[retentionTag] === String(logRetentionDays) ? [] : [`keep logs for ${logRetentionDays} days`]),
    ...(cap === reserved ? [] : [`reserved concurrency ${reserved ?? 'none'} -> ${cap ?? 'none'}`]),
    ...(names.length === 0 ? [] : [`tags ${names.map(([key]) => key).join(', ')}`]),
  ];
}

/** Returns the value for the function's tag of the cap. */
async function ensureCap(context: LambdaContext, { name, reserved, tags }: FunctionState): Promise<string | undefined> {
  const { reservedConcurrency } = context.settings;
  if (reservedConcurrency === undefined) {
    if (tags[cappedTag] === 'set')
      await context.calls.send(new DeleteFunctionConcurrencyCommand({ FunctionName: name }));
    return tags[cappedTag] && 'unset';
  }
  if (reservedConcurrency !== reserved) {
    const ReservedConcurrentExecutions = reservedConcurrency;
    await context.calls.send(new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions }));
  }
  return 'set';
}

/** Sends the tags that differ, if any; preserves unmanaged tags. */
export async function setTags(
  context: LambdaContext,
  state: FunctionState,
  wanted: Record<string, string | undefined>,
): Promise<boolean> {
  const differing = Object.entries(wanted).filter(([key, value]) => value !== undefined && state.tags[key] !== value);
  if (differing.length === 0) return false;
  const Tags = Object.fromEntries(differing) as Record<string, string>;
  await context.calls.send(new TagResourceCommand({ Resource: state.arn, Tags }));
  Object.assign(state.tags, Tags);
  return true;
}
