import { type ColdgateError, GateError, UnprovenError } from '../errors.ts';
import type { Verdict } from '../gate/verdict.ts';

/** How a verdict ends a verb: nothing on a pass, exit 4, 5 or 7 else. */
export function gateFailure(verdict: Verdict, data?: Record<string, unknown>): ColdgateError | undefined {
  const options = { hint: verdict.advice || undefined, data };
  if (verdict.verdict === 'pass') return undefined;
  if (verdict.verdict === 'error') return new UnprovenError(verdict.reason, verdict.line, options);
  return new GateError(verdict.verdict, verdict.line, options);
}
