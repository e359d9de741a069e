import { type FunctionConfiguration, GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { UnprovenError } from '../../errors.ts';
import { waitFor } from '../../rollout/wait-for.ts';
import type { LambdaContext } from './context.ts';

/** In a VPC the first network interface alone takes minutes. */
const limits = { code: 'aws-slow', deadlineMs: 600_000, longestPauseMs: 3000 };

/** Calls `look` until it returns something, ever less often. Throws ColdgateError `aws-slow` at the deadline. */
export const waitForLambda = <T>(
  context: LambdaContext,
  what: string,
  look: () => Promise<T | undefined>,
): Promise<T> => waitFor(context, what, look, limits);

/**
 * Waits until a function, or a version of it, takes calls and changes: each change has to be done before the next one
 * (docs/facts.md P13). Throws UnprovenError `function-failed` where Lambda gives up on it, with Lambda's reason.
 */
export function waitUntilReady(
  context: LambdaContext,
  FunctionName: string,
  Qualifier?: string,
): Promise<FunctionConfiguration> {
  const name = Qualifier === undefined ? FunctionName : `${FunctionName}:${Qualifier}`;
  const input = { FunctionName, ...(Qualifier !== undefined && { Qualifier }) };
  return waitForLambda(context, `${name} is not ready on Lambda`, async () => {
    const now = await context.calls.send(new GetFunctionConfigurationCommand(input));
    const { State, LastUpdateStatus } = now;
    if (State === 'Failed' || LastUpdateStatus === 'Failed') {
      const reason = now.LastUpdateStatusReason ?? now.StateReason ?? 'it gives no reason';
      throw new UnprovenError('function-failed', `Lambda could not get ${name} ready: ${reason}.`, {
        hint: 'Check role, VPC, layers and package against that reason, then run this again.',
        data: { reason, code: now.LastUpdateStatusReasonCode ?? now.StateReasonCode },
      });
    }
    const busy = State === 'Pending' || LastUpdateStatus === 'InProgress';
    return busy ? undefined : now;
  });
}
