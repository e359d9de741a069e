import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { gone } from './address.ts';
import type { FunctionState, PublishedVersion } from './observe.ts';
import type { World } from './world.ts';

/** Live versions behind the current one that are kept, so that an alias can be set back by hand. */
const keptLive = 2;
/** A version that no alias names yet may be another run's, which is about to name it, ms. */
const graceMs = 15 * 60_000;

/**
 * Versions that nobody needs: samples that have run out, candidates that no alias names, live versions beyond the window.
 * Never one that an alias names, and never one that we have not published. Pure.
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
  const free = versions.filter(({ number, mark }) => mark !== undefined && !named.has(number));
  const old = ({ publishedAt }: PublishedVersion): boolean => now.getTime() - publishedAt.getTime() > graceMs;
  const live = free.filter(({ mark }) => mark?.role === 'live').sort((a, b) => Number(b.number) - Number(a.number));
  const surplus = free.filter((version) => {
    const { role, until } = version.mark ?? {};
    if (role === 'sample') return until === undefined || Date.parse(until) < now.getTime();
    return role === 'candidate' ? old(version) : live.indexOf(version) >= keptLive;
  });
  return surplus.map(({ number }) => number);
}

/** Removes them, in the state as it was seen; what another run has named meanwhile is refused by Lambda and stays. */
export async function sweep(world: World, state: FunctionState): Promise<void> {
  for (const Qualifier of surplusVersions(state, world.now())) {
    world.log.debug(`Removing version ${Qualifier} of ${state.name}, which nothing names.`);
    try {
      await gone(world.calls.send(new DeleteFunctionCommand({ FunctionName: state.name, Qualifier })));
    } catch (error) {
      world.signal.throwIfAborted();
      world.log.debug(`Version ${Qualifier} of ${state.name} stays: ${(error as Error).message}`);
    }
  }
}
