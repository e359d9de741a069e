import { UnprovenError } from '../errors.ts';
import { converge, type Rollout } from './context.ts';
import type { Deployed, FunctionView, Wanted } from './platform.ts';
import { expectationFor, proveRevision } from './proof.ts';
import { withdraw } from './retire.ts';
import type { DeployRequest, DeployResult } from './target.ts';
import { isSame, toRevision, wantedOf } from './wanted.ts';

/**
 * Deploys a candidate, pinned to the version, at a separate address. An equal one that still passes its readiness proof
 * is left unchanged. Throws UnprovenError; nothing of the candidate is then left.
 */
export function deployCandidate<R extends Deployed, V extends FunctionView<R>>(
  rollout: Rollout<R, V>,
  request: DeployRequest,
): Promise<DeployResult> {
  const { platform } = rollout;
  const wanted = wantedOf(platform, request, 'candidate');
  return converge(rollout, request.settings.name, async () => {
    const view = await platform.open(request, wanted);
    const current = view.candidates.find(({ version }) => version === wanted.version);
    if (current && isSame(current, wanted)) {
      const address = await platform.expose(view, current, { request, recheck: false });
      const endpoint = platform.endpoint(view, current, address);
      if (await isProven(rollout, { view, revision: current, endpoint }, request, wanted)) {
        return { revision: toRevision(current, address.url), changed: view.settled === true || address.changed };
      }
    }
    return replace(rollout, view, { request, wanted, current });
  });
}

interface Replacement<R> {
  request: DeployRequest;
  wanted: Wanted;
  current: R | undefined;
}

async function replace<R extends Deployed, V extends FunctionView<R>>(
  rollout: Rollout<R, V>,
  view: V,
  { request, wanted, current }: Replacement<R>,
): Promise<DeployResult> {
  const { platform } = rollout;
  const { revision } = await platform.publish(view, wanted, request, current);
  const others = current ? [current] : [];
  const address = await platform.expose(view, revision, { request, recheck: true });
  const endpoint = platform.endpoint(view, revision, address);
  try {
    await proveRevision(rollout, { view, revision, endpoint }, expectationFor(request, wanted.revision));
  } catch (error) {
    await withdraw(rollout, view, [revision, ...others], error);
    throw error;
  }
  await platform.retire(view, others);
  await platform.tidy(view, 'candidate');
  return { revision: toRevision(revision, address.url), changed: true };
}

async function isProven<R extends Deployed, V extends FunctionView<R>>(
  rollout: Rollout<R, V>,
  subject: Parameters<typeof proveRevision<R, V>>[1],
  request: DeployRequest,
  wanted: Wanted,
): Promise<boolean> {
  try {
    await proveRevision(rollout, subject, expectationFor(request, wanted.revision));
    return true;
  } catch (error) {
    if (!(error instanceof UnprovenError)) throw error;
    rollout.log.warn(`The candidate no longer passes its readiness proof, so it is deployed again. ${error.message}`);
    return false;
  }
}
