import { UnprovenError } from '../../errors.ts';
import { pause } from '../../pause.ts';
import type { Expectation } from './expectation.ts';
import { field } from './http.ts';
import { type Endpoint, prove, warmPath } from './prove.ts';

/** How long is waited, ms. */
export interface FollowLimits {
  /** Room for loading the new version beside the old one, on top of the handler's own refresh interval. */
  loadingMs: number;
  /** A refusal of the new version counts once it has lasted this long: right after a flip it may be about the last one. */
  refusalMs: number;
}

const usual: FollowLimits = { loadingMs: 30_000, refusalMs: 5000 };
const betweenMs = 200;
/**
 * Codes of a handler that could not read its pointer, which shows nothing about the version; its other codes are
 * reasons why it will not serve it.
 */
const unread: ReadonlySet<string> = new Set(['store-unavailable', 'store-denied']);

export interface FollowOptions {
  /** MODEL_REFRESH_SECONDS of the handler; it looks up to a fifth later than that. */
  refreshSeconds: number;
  /** MODEL_FOLLOW_OVER_SECONDS: a look that is not asked for waits for its turn, and ours may find one under way. */
  followOverSeconds?: number | undefined;
  /** Whether what answers is still there. */
  isRunning(): boolean;
  signal: AbortSignal;
  limits?: FollowLimits;
}

/**
 * Waits until a running live endpoint has followed its pointer to the expected version, then proves it. Each look makes
 * the handler look at the pointer, so this is usually a matter of the model's load time.
 * Throws UnprovenError: as `prove`, `pointer-refused` when the function declines the new version, or `pointer-unread`
 * when it could not read its store to the end.
 */
export async function proveFollowing(endpoint: Endpoint, expected: Expectation, options: FollowOptions): Promise<void> {
  const { signal, refreshSeconds, followOverSeconds = 0, limits = usual } = options;
  const { loadingMs, refusalMs } = limits;
  const { url } = endpoint;
  const deadline = performance.now() + refreshSeconds * 1200 + followOverSeconds * 1000 + loadingMs;
  let refusedSince: number | undefined;
  let failure: string | undefined;
  let lostSince: number | undefined;
  while (performance.now() < deadline && options.isRunning()) {
    const left = deadline - performance.now();
    const answer = await endpoint.send(warmPath, { timeoutMs: left, signal }).catch(() => undefined);
    signal.throwIfAborted();
    const model = field(answer?.body, 'model');
    if (field(model, 'version') === expected.version && field(model, 'sha256') === expected.sha256) {
      failure = undefined;
      break;
    }
    failure = failureOf(answer?.body);
    const refusal = failure !== undefined && !unread.has(failure) ? failure : undefined;
    refusedSince = refusal ? (refusedSince ?? performance.now()) : undefined;
    if (refusal && refusedSince !== undefined && performance.now() - refusedSince > refusalMs) {
      throw refused(url, expected, refusal);
    }
    // A gateway without our routes: waiting does not add them. The proof below reports what it answers.
    lostSince = answer?.status === 404 ? (lostSince ?? performance.now()) : undefined;
    if (lostSince !== undefined && performance.now() - lostSince > refusalMs) break;
    await pause(betweenMs, signal);
  }
  if (failure !== undefined && performance.now() >= deadline) throw unreadable(url, expected, failure);
  await prove(endpoint, expected, { timeoutMs: loadingMs, signal });
}

/** Whether it is about what the function reads, which a new start of it would not change. */
export const isOfThePointer = ({ code }: { code: string }): boolean =>
  ['pointer-refused', 'pointer-unread', 'wrong-model'].includes(code);

/** Why the function does not serve what the pointer names, by its own account. */
function failureOf(body: unknown): string | undefined {
  const pointer = field(body, 'pointer');
  return field(pointer, 'status') === 'failed' ? String(field(pointer, 'code')) : undefined;
}

const refused = (url: string, expected: Expectation, code: string): UnprovenError =>
  new UnprovenError('pointer-refused', `${url} declines to serve ${expected.version}: ${code}.`, {
    hint: 'It keeps serving the version before. Read its log, then promote a version that loads, or roll back.',
    data: { url, version: expected.version, code },
  });

const unreadable = (url: string, expected: Expectation, code: string): UnprovenError =>
  new UnprovenError('pointer-unread', `${url} could not read ${expected.version} from its store: ${code}.`, {
    hint: 'It serves what it has and keeps trying. Check that its store is up and that it may read it, then run this again.',
    data: { url, version: expected.version, code },
  });
