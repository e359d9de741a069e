import { ColdgateError } from '../errors.ts';
import type { Rollout } from './context.ts';
import type { Deployed, FunctionView } from './platform.ts';
import type { Expectation } from './proof/expectation.ts';
import { proveFollowing } from './proof/follow.ts';
import { type Endpoint, prove } from './proof/prove.ts';
import type { DeployRequest } from './target.ts';

/** Loading and proving a model from cold, twice its sample included: a few seconds a gigabyte, with much room, ms. */
const proofMs = 120_000;

/** Refresh interval of a handler without a setting, s. */
const defaultRefreshSeconds = 30;

/**
 * What a revision that was deployed for the request must answer.
 * @param revision the id that the function must report; undefined where any revision may answer
 */
export function expectationFor(request: DeployRequest, revision: string | undefined): Expectation {
  const { version, sha256, sample, manifest, manifestSha256, settings } = request;
  const kilobytes = Number(settings.handlerVariables['COLDGATE_MAX_PAYLOAD_KB']);
  const maxPayloadBytes = kilobytes > 0 ? kilobytes * 1024 : undefined;
  return { revision, version, sha256, sample, manifest, manifestSha256, maxPayloadBytes };
}

/** As `prove`, within the time that a first load may take, and with what the platform knows of a failure. */
export async function proveRevision<R extends Deployed, V extends FunctionView<R>>(
  { platform, signal }: Rollout<R, V>,
  subject: { view: V; revision: R; endpoint: Endpoint },
  expected: Expectation,
): Promise<void> {
  try {
    await prove(subject.endpoint, expected, { timeoutMs: proofMs, signal });
  } catch (error) {
    signal.throwIfAborted();
    const { view, revision } = subject;
    throw platform.explain && error instanceof ColdgateError ? await platform.explain(view, revision, error) : error;
  }
}

/**
 * Waits until what is live has followed its pointer, and proves it. Returns what is wrong with it, if anything. Throws
 * what no other revision would solve: a denied call, an abort.
 */
export async function troubleOf<R extends Deployed, V extends FunctionView<R>>(
  { platform, signal }: Rollout<R, V>,
  { view, endpoint }: { view: V; endpoint: Endpoint },
  request: DeployRequest,
  expected: Expectation,
): Promise<ColdgateError | undefined> {
  const { handlerVariables } = request.settings;
  try {
    await proveFollowing(endpoint, expected, {
      refreshSeconds: Number(handlerVariables['MODEL_REFRESH_SECONDS'] ?? defaultRefreshSeconds),
      followOverSeconds: Number(handlerVariables['MODEL_FOLLOW_OVER_SECONDS'] ?? 0),
      isRunning: () => platform.isRunning?.(view) ?? true,
      signal,
    });
    return undefined;
  } catch (error) {
    if (error instanceof ColdgateError && error.code !== 'permission-denied') return error;
    throw error;
  }
}
