import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { gone } from './address.ts';
import type { LambdaContext } from './context.ts';
import type { FunctionState, LambdaRevision } from './state.ts';

/** Live versions behind the current one that are kept, so that an alias can be set back by hand. */
const keptLive = 2;
/** A version that no alias names yet may be another run's, which is about to name it, ms. */
const graceMs = 15 * 60_000;

/**
 * Versions that are no longer needed: expired samples, candidates that no alias names, live versions beyond the window.
 * Never one that an alias names, and never one that Coldgate has not published. Pure.
 */
export function surplusVersions(
  { versions, aliases }: Pick<FunctionState, 'versions' | 'aliases'>,
  now: Date,
): string[] {
  const named = new Set(
    [...aliases.values()].flatMap(({ FunctionVersion, RoutingConfig }) => [
      FunctionVersion,
      ...Object.keys(RoutingConfig?.AdditionalVersionWeights ?? {}),
    ]),
  );
  const free = versions.filter(({ id, role }) => role !== undefined && !named.has(id));
  const old = ({ publishedAt }: LambdaRevision): boolean => now.getTime() - publishedAt.getTime() > graceMs;
  const live = free.filter(({ role }) => role === 'live').sort((a, b) => Number(b.id) - Number(a.id));
  const surplus = free.filter((version) => {
    const { role, until } = version;
    if (role === 'sample') return until === undefined || Date.parse(until) < now.getTime();
    return role === 'candidate' ? old(version) : live.indexOf(version) >= keptLive;
  });
  return surplus.map(({ id }) => id);
}

/** Removes them, in the state as it was seen; what another run has named meanwhile is refused by Lambda and stays. */
export async function sweep(context: LambdaContext, state: FunctionState): Promise<void> {
  for (const Qualifier of surplusVersions(state, context.now())) {
    context.log.debug(`Removing version ${Qualifier} of ${state.name}, which nothing names.`);
    try {
      await gone(context.calls.send(new DeleteFunctionCommand({ FunctionName: state.name, Qualifier })));
    } catch (error) {
      context.signal.throwIfAborted();
      context.log.debug(`Version ${Qualifier} of ${state.name} stays: ${(error as Error).message}`);
    }
  }
}
