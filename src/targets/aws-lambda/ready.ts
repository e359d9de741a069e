import { type FunctionConfiguration, GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { ColdgateError, exitCodes, UnprovenError } from '../../errors.ts';
import { pause } from '../../pause.ts';
import type { LambdaContext } from './context.ts';

/** Longest wait for one change, ms. In a VPC the first network interface alone takes minutes. */
const deadlineMs = 600_000;
const firstPauseMs = 100;
const longestPauseMs = 3000;
/** Interval of log lines during a wait, ms. */
const saidEveryMs = 10_000;

/** Calls `look` until it answers something, ever less often. Throws ColdgateError `aws-slow` at the deadline. */
export async function waitFor<T>(context: LambdaContext, what: string, look: () => Promise<T | undefined>): Promise<T> {
  const began = performance.now();
  let said = began;
  for (let wait = firstPauseMs; ; wait = Math.min(longestPauseMs, wait * 1.5)) {
    const found = await look();
    if (found !== undefined) return found;
    const now = performance.now();
    if (now - began > deadlineMs) {
      throw new ColdgateError('aws-slow', exitCodes.unproven, `${what} after ${deadlineMs / 60_000} minutes.`, {
        hint: 'Run this again: it continues where it stopped.',
      });
    }
    if (now - said > saidEveryMs) {
      context.log.info(`${what}, for ${Math.round((now - began) / 1000)} s so far.`);
      said = now;
    }
    await pause(wait, context.signal);
  }
}

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
  return waitFor(context, `Lambda has not got ${name} ready`, async () => {
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
