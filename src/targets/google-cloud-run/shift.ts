import type { Forward, Move } from '../../rollout/platform.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';
import { shiftInSteps } from '../../rollout/shift-steps.ts';
import type { RunContext } from './context.ts';
import { endpointAt, settlingUntil } from './endpoint.ts';
import { purposeOfTag, tagOf } from './names.ts';
import type { RunRevision, RunState } from './state.ts';
import { sharesOf, soundTraffic, uriOfTag, withoutTags, withShares } from './traffic.ts';
import { setTraffic, uriOf } from './update.ts';

/**
 * Moves all traffic to a revision by its name, in steps where the settings ask for that and something else has it now. The
 * last change takes its tag away too: a tag alone keeps warm instances up. Throws MovedError where someone has moved traffic.
 */
export async function shiftTraffic(
  context: RunContext,
  state: RunState,
  { from, to, forward }: Move<RunRevision>,
): Promise<boolean> {
  if (from && forward) await shiftToRevision(context, state, from, to, forward);
  const kept = withoutTags(soundTraffic(state), (tag, of) => of === to.id && purposeOfTag(tag) === 'live');
  const moved = await setTraffic(context, state, withShares(kept, { [to.id]: 100 }));
  if (moved && to.reports !== undefined) {
    context.moved.set(state.name, { reports: to.reports, until: settlingUntil() });
  }
  return moved;
}

/** The shares of a step, of all that is managed here. */
function shiftToRevision(
  context: RunContext,
  state: RunState,
  from: RunRevision,
  to: RunRevision,
  forward: Forward,
): Promise<void> {
  return shiftInSteps(context, {
    shift: context.settings.shift,
    reached: sharesOf(state.service).get(to.id) ?? 0,
    to: to.id,
    forward,
    setShare: async (percent) => {
      const shares = { [from.id]: 100 - percent, [to.id]: percent };
      await setTraffic(context, state, withShares(soundTraffic(state), shares));
    },
    endpoint: () => nextEndpoint(context, state, to),
  });
}

/** A revision by the tag that it has until it is live. */
export function nextEndpoint(context: RunContext, state: RunState, { id, url }: RunRevision): Endpoint {
  const { name, service, live } = state;
  // What is live may have a gateway's address.
  const own = live?.id === id ? uriOf(service) : url;
  const at = uriOfTag(service, tagOf('live', id), id) ?? own ?? '';
  return endpointAt(context, { name, url: at, changed: true });
}
