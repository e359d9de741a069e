import { pause } from '../pause.ts';
import { deployCandidate } from './candidate.ts';
import type { Rollout, RolloutDeps } from './context.ts';
import { prepareLive, routeLive } from './live.ts';
import { besidesOf, describeFunction, planFunction } from './plan.ts';
import type { Deployed, FunctionView, Platform } from './platform.ts';
import { restoreLive } from './restore.ts';
import { removeFunction } from './retire.ts';
import { sampleCold } from './sample.ts';
import { lookAround } from './surroundings.ts';
import type { Target } from './target.ts';

/** The target of a platform: its rollout policy is this folder's, and the same everywhere. */
export function rolloutTarget<R extends Deployed, V extends FunctionView<R>>(
  platform: Platform<R, V>,
  { log, signal, ...deps }: RolloutDeps,
): Target {
  const rollout: Rollout<R, V> = { platform, log, signal, pause: deps.pause ?? pause, seen: new Set() };
  const { key, platform: system, entry, budget, archive, runtimeLayer, image, startSeconds } = platform;
  return {
    ...{ key, platform: system, entry, budget, archive, runtimeLayer, image, startSeconds },
    plan: (request) => planFunction(rollout, request),
    deploy: (request) => (request.role === 'live' ? routeLive(rollout, request) : deployCandidate(rollout, request)),
    sample: (request) => sampleCold(rollout, request),
    ...(platform.endSampling && { endSampling: async ({ name }) => platform.endSampling?.(name) }),
    ...(platform.around && { around: ({ name }) => lookAround(platform.around?.(name) ?? {}, signal) }),
    ...(platform.besides && { besides: ({ name }) => besidesOf(rollout, name) }),
    ...(platform.warmsAhead && { prepare: (request) => prepareLive(rollout, request) }),
    route: (request) => routeLive(rollout, request),
    restore: (request, move) => restoreLive(rollout, request, move),
    reach: ({ name }, { role, version, url }) =>
      platform.endpoint({ name }, { role, version }, { url, changed: false, isProven: true }),
    describe: ({ name }) => describeFunction(rollout, name),
    list: () => platform.list(),
    remove: ({ name }, what, keep?: string) => removeFunction(rollout, name, what, keep),
  };
}
