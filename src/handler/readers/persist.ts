import { setTimeout as sleep } from 'node:timers/promises';
import { sinceStart } from '../clock.ts';
import { retryDelay } from '../delays.ts';
import { Answer } from './answer.ts';
import type { Limits } from './limits.ts';
import { TransportError } from './transport-error.ts';

/** The service is busy or failed by chance: asking again may do. */
const passing: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/**
 * Requests until there is a final response: retries, after a random wait, where none came or the service was busy.
 * Returns the last response whatever its status. Throws TransportError where there was none.
 */
export async function persist(ask: () => Promise<Answer>, limits: Limits, signal?: AbortSignal): Promise<Answer> {
  const deadline = sinceStart() + limits.deadlineMs;
  for (let tries = 0; ; tries++) {
    const result = await attempt(ask);
    if (result instanceof Answer && !passing.has(result.status)) return result;
    const wantedMs = result instanceof Answer ? waitAskedFor(result) : 0;
    const pause = retryDelay(tries, limits.waitMs, wantedMs, Math.random);
    if (tries === limits.retries || signal?.aborted || sinceStart() + pause > deadline) {
      if (result instanceof Answer) return result;
      throw result;
    }
    // Read to its end, a refusal leaves the connection to the next attempt.
    if (result instanceof Answer) await result.text();
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
}

async function attempt(ask: () => Promise<Answer>): Promise<Answer | TransportError> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof TransportError && error.passing) return error;
    throw error;
  }
}

/** No store is left alone for longer, whatever it asks for, ms. */
const longestAsked = 600_000;

/** `Retry-After` in seconds, as ms; its other form, a date, would have to trust two clocks. */
export function waitAskedFor(answer: Answer): number {
  const seconds = Number(answer.header('retry-after'));
  return seconds > 0 ? Math.min(seconds * 1000, longestAsked) : 0;
}
