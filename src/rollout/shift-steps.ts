import { pause } from '../pause.ts';
import type { Forward, PlatformDeps } from './platform.ts';
import { type Answer, field } from './proof/http.ts';
import { readTimings } from './proof/judge-start.ts';
import { type Endpoint, warmPath } from './proof/prove.ts';

/** Between two looks at the new revision during a step, ms. */
const betweenMs = 5000;

/** Moves traffic to a new revision in steps, on a platform that can give it a share. */
export interface SteppedShift {
  /** From models.yaml; nothing is done without it. */
  shift: { steps: readonly number[]; waitSeconds: number } | undefined;
  /** Share that the new revision has already, in percent: a shift that was killed continues there. */
  reached: number;
  /** In words: `digits-production-l-0a1b2c3d4e`. */
  to: string;
  forward: Forward;
  /** Gives the new revision this share of the calls, in percent. Throws MovedError where someone else has moved it. */
  setShare(percent: number): Promise<void>;
  /** The new revision by a way that needs no share. */
  endpoint(): Endpoint;
}

/**
 * Gives the new revision a rising share of the calls. During each step it has to answer its golden sample repeatedly, and the
 * start timings that it reports go to the judge; the first error ends the shift, and the rollout sets traffic back.
 */
export async function shiftInSteps(
  deps: Pick<PlatformDeps, 'log' | 'signal'>,
  { shift, reached, to, forward, setShare, endpoint }: SteppedShift,
): Promise<void> {
  const { steps = [], waitSeconds = 0 } = shift ?? {};
  for (const percent of steps.toSorted((a, b) => a - b).filter((one) => one >= reached)) {
    await setShare(percent);
    deps.log.info(`${percent} % of the calls go to ${to}, for ${waitSeconds} s.`);
    const timings = await watchStep(endpoint(), forward, waitSeconds * 1000, deps.signal);
    forward.judge?.({ percent, timings });
  }
}

/** Timings by the instances that answered, each once: what every one of them needed to start. */
async function watchStep(inner: Endpoint, forward: Forward, forMs: number, signal: AbortSignal) {
  const seen = new Map<unknown, Answer>();
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
    await pause(Math.min(left, betweenMs), signal);
  }
}
