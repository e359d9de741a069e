import { UnprovenError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { pause } from '../pause.ts';
import type { Expectation } from '../rollout/proof/expectation.ts';
import { type Endpoint, prove } from '../rollout/proof/prove.ts';
import { quantile } from './quantile.ts';

export interface WatchOptions {
  endpoint: Endpoint;
  /** What it must keep serving. */
  expected: Omit<Expectation, 'revision'>;
  /** How long, s. */
  seconds: number;
  /** A look that takes longer is a failed one, ms. */
  sloMs: number | undefined;
  /** Version that an instance may serve until it has looked at the pointer again, and how long that takes, s. */
  before: { version: string; seconds: number } | undefined;
  /**
   * Called before each probe; a returned text ends the watch: someone else has moved the pointer or the function.
   * Throws where that cannot be determined, and the watch continues.
   */
  superseded(): Promise<string | undefined>;
  signal: AbortSignal;
  log: Logger;
}

export interface Watched {
  outcome: 'passed' | 'broken' | 'superseded';
  probes: number;
  failed: number;
  /** Median and 95th percentile of a request with the golden sample, ms; absent when none was answered. */
  p50: number | undefined;
  p95: number | undefined;
  /** What was wrong last, or who moved on. */
  why: string | undefined;
}

/** A failed look may be the network's or one instance's; this many in a row are the endpoint's. */
const inARow = 3;
/** And so is this share of all, once there are enough probes for a share. */
const share = 0.1;
const enough = 20;
/** Looks in a watch of usual length; the pause between two stays within bounds, ms. */
const defaultProbes = 60;
const shortestPauseMs = 200;
const longestPauseMs = 5000;
/** One look, ms: an HTTP API cuts there (docs/facts.md P23). */
const probeTimeoutMs = 30_000;

type Probe = { ms: number } | { fault: string };

/**
 * Probes a live endpoint repeatedly, as a client does: version, sha256, golden sample, errors and time. Ends early when
 * it is broken, or when someone else has moved the pointer or the function; never passes on a failed last probe. Throws
 * the signal's reason.
 */
export async function watch(options: WatchOptions): Promise<Watched> {
  const { seconds, signal, log } = options;
  const began = performance.now();
  const pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, (seconds * 1000) / defaultProbes));
  const probes: Probe[] = [];
  for (;;) {
    const by = await supersededBy(options);
    if (by !== undefined) return reportOf('superseded', probes, by);
    const look = await probeOnce(options, began);
    if (look) probes.push(look);
    if (look && 'fault' in look) log.debug(`A probe of ${options.endpoint.url} failed: ${look.fault}`);
    if (isBroken(probes)) return reportOf('broken', probes, lastFault(probes));
    const elapsed = (performance.now() - began) / 1000;
    log.progress(`Watching ${options.endpoint.url}`, Math.min(seconds, Math.round(elapsed)), seconds, 'steps');
    const settled = probes.length > 0 && 'ms' in (probes.at(-1) as Probe);
    if (elapsed >= seconds && settled) return reportOf('passed', probes, undefined);
    await pause(pauseMs, signal);
  }
}

/** A store that cannot be asked for a while is no reason to stop looking at the endpoint. Throws the signal's reason. */
async function supersededBy({ superseded, signal, log }: WatchOptions): Promise<string | undefined> {
  try {
    return await superseded();
  } catch (error) {
    signal.throwIfAborted();
    log.debug(`Whether someone else has moved on cannot be determined: ${(error as Error).message}`);
    return undefined;
  }
}

/** Returns undefined for an instance that has not read the pointer yet and is not late with that. */
async function probeOnce(options: WatchOptions, began: number): Promise<Probe | undefined> {
  const { endpoint, expected, sloMs, before, signal } = options;
  let ms = 0;
  const timed: Endpoint = {
    url: endpoint.url,
    send: async (path, call) => {
      const sent = performance.now();
      const answer = await endpoint.send(path, call);
      ms = performance.now() - sent;
      return answer;
    },
  };
  try {
    await prove(timed, { ...expected, revision: undefined }, { timeoutMs: probeTimeoutMs, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof UnprovenError)) throw error;
    const late = performance.now() - began > (before?.seconds ?? 0) * 1000;
    const got = error.data?.['got'] as { version?: unknown } | undefined;
    if (!late && error.code === 'wrong-model' && got?.version === before?.version) return undefined;
    return { fault: error.message };
  }
  if (sloMs !== undefined && ms > sloMs)
    return { fault: `it took ${Math.round(ms)} ms, more than ${sloMs} ms (slo-ms).` };
  return { ms };
}

function isBroken(probes: readonly Probe[]): boolean {
  const failed = probes.filter((look) => 'fault' in look).length;
  const tail = probes.slice(-inARow);
  if (tail.length === inARow && tail.every((look) => 'fault' in look)) return true;
  return probes.length >= enough && failed > probes.length * share;
}

function lastFault(probes: readonly Probe[]): string {
  const last = probes.findLast((look) => 'fault' in look);
  return last && 'fault' in last ? last.fault : '';
}

function reportOf(outcome: Watched['outcome'], probes: readonly Probe[], why: string | undefined): Watched {
  const times = probes.flatMap((look) => ('ms' in look ? [look.ms] : []));
  const failed = probes.length - times.length;
  return { outcome, probes: probes.length, failed, p50: quantile(times, 0.5), p95: quantile(times, 0.95), why };
}
