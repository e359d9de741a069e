import { UpdateAliasCommand } from '@aws-sdk/client-lambda';
import { pause } from '../../pause.ts';
import type { Forward } from '../../rollout/platform.ts';
import type { Answer } from '../../rollout/proof/http.ts';
import { field } from '../../rollout/proof/http.ts';
import { readTimings } from '../../rollout/proof/judge-start.ts';
import { type Endpoint, warmPath } from '../../rollout/proof/prove.ts';
import type { LambdaContext } from './context.ts';
import { invokeEndpoint } from './endpoint.ts';
import type { FunctionState } from './state.ts';

/** Between two looks at the new version during a step, ms. */
const betweenMs = 5000;

/** A move of the live alias in steps. */
export interface Shift {
  /** Number that the alias names, and the one that takes over. */
  before: string;
  after: string;
  forward: Forward;
}

/**
 * Gives the new version a rising share of the calls. During each step it has to answer its golden sample repeatedly,
 * and the start timings that it reports go to the judge; the first error ends the shift, and the caller sets the alias
 * back. A shift that was killed continues at the share that it had. Does nothing without `shift` in the settings.
 */
export async function shiftTraffic(context: LambdaContext, state: FunctionState, shift: Shift): Promise<void> {
  const { steps = [], waitSeconds = 0 } = context.settings.shift ?? {};
  const reached = shareOf(state, context.settings.alias, shift) * 100;
  for (const percent of [...steps].sort((a, b) => a - b).filter((one) => one >= Math.round(reached))) {
    await setShare(context, state, shift, percent / 100);
    context.log.info(`${percent} % of the calls go to version ${shift.after} of ${state.name}, for ${waitSeconds} s.`);
    const timings = await watchStep(context, state, shift, waitSeconds * 1000);
    shift.forward.judge?.({ percent, timings });
  }
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

/** Timings by the instances that answered, each once: what every one of them needed to start. */
async function watchStep(context: LambdaContext, { name }: FunctionState, shift: Shift, forMs: number) {
  const seen = new Map<unknown, Answer>();
  const inner = invokeEndpoint(context, name, shift.after);
  const endpoint: Endpoint = {
    url: inner.url,
    send: async (path, options) => {
      const answer = await inner.send(path, options);
      if (path === warmPath) seen.set(field(answer.body, 'instance_id'), answer);
      return answer;
    },
  };
  const until = performance.now() + forMs;
  for (;;) {
    await shift.forward.prove(endpoint);
    const left = until - performance.now();
    if (left <= 0) return [...seen.values()].map(({ body }) => readTimings(field(body, 'timings')));
    await pause(Math.min(left, betweenMs), context.signal);
  }
}
