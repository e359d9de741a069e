import { converge, type Rollout } from './context.ts';
import { routeOnce } from './live.ts';
import type { Deployed, FunctionView } from './platform.ts';
import { expectationFor, troubleOf } from './proof.ts';
import type { DeployRequest, DeployResult, Revision } from './target.ts';
import { toRevision } from './wanted.ts';

/**
 * Moves live traffic back to the revision that had it before, and checks that it serves the pointer's version.
 * Publishes it again from the request if it is gone. Returns undefined if neither of the two is live any more. Throws
 * UnprovenError.
 */
export function restoreLive<R extends Deployed, V extends FunctionView<R>>(
  rollout: Rollout<R, V>,
  request: DeployRequest,
  { from, to }: { from: Revision; to: Revision },
): Promise<DeployResult | undefined> {
  const { platform } = rollout;
  return converge(rollout, request.settings.name, async () => {
    const view = await platform.observe(request.settings.name);
    const live = view?.live;
    if (!view || !live || (live.id !== from.id && live.id !== to.id)) return undefined;
    const before = view.revisions.find(({ id }) => id === to.id);
    if (!before) return routeOnce(rollout, request);
    const shifted = await platform.shift(view, { from: live, to: before });
    const address = await platform.expose(view, before, { recheck: false });
    const endpoint = platform.endpoint(view, before, address);
    const trouble = await troubleOf(rollout, { view, endpoint }, request, expectationFor(request, undefined));
    if (trouble) throw trouble;
    // Callers are served again first: instances are kept warm after that.
    const warmed = await platform.warm?.(view, before);
    await platform.settle?.(view, before);
    return { revision: toRevision(before, address.url), changed: shifted.changed || warmed === true };
  });
}
