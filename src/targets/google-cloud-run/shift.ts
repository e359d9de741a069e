import { pause } from '../../pause.ts';
import type { Forward, Move } from '../../rollout/platform.ts';
import { type Answer, field } from '../../rollout/proof/http.ts';
import { readTimings } from '../../rollout/proof/judge-start.ts';
import { type Endpoint, warmPath } from '../../rollout/proof/prove.ts';
import type { RunContext } from './context.ts';
import { endpointAt, settlingUntil } from './endpoint.ts';
import { purposeOfTag, tagOf } from './names.ts';
import type { RunRevision, RunState } from './state.ts';
import { sharesOf, soundTraffic, uriOfTag, withoutTags, withShares } from './traffic.ts';
import { setTraffic, uriOf } from './update.ts';

/** Between two looks at the new revision during a step, ms. */
const betweenMs = 5000;

/**
 * Moves all traffic to a revision by its name, in steps where the settings ask for that and something else has it now. The
 * last change takes its tag away too: a tag alone keeps warm instances up. Throws MovedError where someone has moved traffic.
 */
export async function shiftTraffic(
  context: RunContext,
  state: RunState,
  { from, to, forward }: Move<RunRevision>,
): Promise<boolean> {
  if (from && forward) await shiftInSteps(context, state, from, to, forward);
  const kept = withoutTags(soundTraffic(state), (tag, of) => of === to.id && purposeOfTag(tag) === 'live');
  const moved = await setTraffic(context, state, withShares(kept, { [to.id]: 100 }));
  if (moved && to.reports !== undefined) {
    context.moved.set(state.name, { reports: to.reports, until: settlingUntil() });
  }
  return moved;
}

/**
 * Gives the new revision a rising share. During each step it has to answer its golden sample repeatedly, and the start
 * timings that it reports go to the judge; the first error ends the shift, and the rollout sets traffic back. A shift
 * that was killed continues at the share that it had.
 */
async function shiftInSteps(
  context: RunContext,
  state: RunState,
  from: RunRevision,
  to: RunRevision,
  forward: Forward,
): Promise<void> {
  const { steps = [], waitSeconds = 0 } = context.settings.shift ?? {};
  const reached = sharesOf(state.service).get(to.id) ?? 0;
  for (const percent of steps.toSorted((a, b) => a - b).filter((one) => one >= reached)) {
    const shares = { [from.id]: 100 - percent, [to.id]: percent };
    await setTraffic(context, state, withShares(soundTraffic(state), shares));
    context.log.info(`${percent} % of the calls go to ${to.id}, for ${waitSeconds} s.`);
    const timings = await watchStep(context, state, to, forward, waitSeconds * 1000);
    forward.judge?.({ percent, timings });
  }
}

/** Timings by the instances that answered, each once: what every one of them needed to start. */
async function watchStep(context: RunContext, state: RunState, to: RunRevision, forward: Forward, forMs: number) {
  const seen = new Map<unknown, Answer>();
  const inner = nextEndpoint(context, state, to);
  const endpoint: Endpoint = {
    ...inner,
    send: async (path, options) => {
      const answer = await inner.send(path, options);
      if (path === warmPath) seen.set(field(answer.body, 'instance_id'), answer);
      return answer;
    },
  };
  const until = performance.now() + forMs;
  for (;;) {
    await forward.prove(endpoint);
    const left = until - performance.now();
    if (left <= 0) return [...seen.values()].map(({ body }) => readTimings(field(body, 'timings')));
    await pause(Math.min(left, betweenMs), context.signal);
  }
}

/** A revision by the tag that it has until it is live. */
export function nextEndpoint(context: RunContext, state: RunState, { id, url }: RunRevision): Endpoint {
  const { name, service, live } = state;
  // What is live may have a gateway's address.
  const own = live?.id === id ? uriOf(service) : url;
  const at = uriOfTag(service, tagOf('live', id), id) ?? own ?? '';
  return endpointAt(context, { name, url: at, changed: true });
}
