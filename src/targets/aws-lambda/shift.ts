import { UpdateAliasCommand } from '@aws-sdk/client-lambda';
import type { Forward } from '../../rollout/platform.ts';
import { shiftInSteps } from '../../rollout/shift-steps.ts';
import type { LambdaContext } from './context.ts';
import { invokeEndpoint } from './endpoint.ts';
import type { FunctionState } from './state.ts';

/** A move of the live alias in steps. */
export interface Shift {
  /** Number that the alias names, and the one that takes over. */
  before: string;
  after: string;
  forward: Forward;
}

/** Gives the new version a rising share of the calls. Does nothing without `shift` in the settings. */
export async function shiftTraffic(context: LambdaContext, state: FunctionState, shift: Shift): Promise<void> {
  await shiftInSteps(context, {
    shift: context.settings.shift,
    reached: Math.round(shareOf(state, context.settings.alias, shift) * 100),
    to: `version ${shift.after} of ${state.name}`,
    forward: shift.forward,
    setShare: (percent) => setShare(context, state, shift, percent / 100),
    endpoint: () => invokeEndpoint(context, state.name, shift.after),
  });
}

const shareOf = ({ aliases }: FunctionState, alias: string, { after }: Shift): number =>
  aliases.get(alias)?.RoutingConfig?.AdditionalVersionWeights?.[after] ?? 0;

/** On the revision that was seen last. Throws MovedError when someone else has moved the alias. */
async function setShare(context: LambdaContext, state: FunctionState, shift: Shift, share: number): Promise<void> {
  const { alias } = context.settings;
  if (shareOf(state, alias, shift) === share) return;
  const moved = await context.calls.send(
    new UpdateAliasCommand({
      FunctionName: state.name,
      Name: alias,
      FunctionVersion: shift.before,
      RoutingConfig: { AdditionalVersionWeights: { [shift.after]: share } },
      RevisionId: state.aliases.get(alias)?.RevisionId,
    }),
  );
  state.aliases.set(alias, moved);
}
