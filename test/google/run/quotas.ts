import { exhausted } from '../api-error.ts';
import type { Call, GoogleContext } from '../context.ts';
import { type CloudRun, nameOf } from './cloud-run.ts';
import type { Revision, Service, ServiceSpec } from './record.ts';

/**
 * Writes of the Admin API: a bucket that fills again by the minute's share each second. Throws ApiError when it is empty.
 * https://cloud.google.com/run/quotas
 */
export function writeQuota(context: GoogleContext): (call: Call) => void {
  let left = Number.NaN;
  let at = 0;
  return ({ mutating }) => {
    const { writesPerMinute: most } = context.knobs;
    if (!mutating || most === Number.POSITIVE_INFINITY) return;
    const now = context.now().getTime();
    left = Number.isNaN(left) ? most : Math.min(most, left + ((now - at) / 60_000) * most);
    at = now;
    if (left < 1) throw exhausted('Write requests', 'Write requests per minute per region');
    left--;
  };
}

/**
 * Beyond the most tags of a region, tags of this service that have no share of traffic go, the oldest first, and nobody is
 * told (https://cloud.google.com/run/quotas).
 */
export function dropTags(run: CloudRun, service: Service, spec: ServiceSpec): void {
  const others = [...run.services.values()].filter((one) => one.region === service.region && one !== service);
  const count = (one: ServiceSpec): number => (one.traffic ?? []).filter(({ tag }) => tag !== undefined).length;
  let over = others.reduce((sum, one) => sum + count(one.spec), count(spec)) - run.context.knobs.maxTags;
  spec.traffic = (spec.traffic ?? []).filter(({ tag, percent = 0 }) => {
    if (over <= 0 || tag === undefined || percent > 0) return true;
    over--;
    return false;
  });
}

/** Beyond the most revisions of a service those that have no address go, the oldest first. */
export function surplusRevisions(run: CloudRun, service: Service): Revision[] {
  const over = service.revisions.size - run.context.knobs.maxRevisions;
  if (over <= 0) return [];
  const named = new Set([...(service.spec.traffic ?? []), ...service.statuses].map((one) => nameOf(service, one)));
  const free = [...service.revisions.values()].filter(
    ({ short }) => !named.has(short) && short !== service.latestCreated,
  );
  return free.slice(0, over);
}
