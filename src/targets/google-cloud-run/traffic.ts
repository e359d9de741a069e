import { purposeOfTag } from './names.ts';
import { type Service, shortName, type TrafficTarget } from './resources.ts';
import type { RunState } from './state.ts';

/*
 * The one list by which a service's traffic and tags are set. Every change is made of the list as it was read and keeps the
 * tags of other hands.
 */

const byRevision = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
const byLatest = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';

/** The list as it was read; none at all means all traffic to the latest revision. */
export function trafficOf({ traffic = [] }: Service): TrafficTarget[] {
  if (traffic.length === 0) return [{ type: byLatest, percent: 100 }];
  return traffic.map(({ type, revision, percent = 0, tag }) => ({
    ...(revision ? { type: byRevision, revision: shortName(revision) } : { type: type ?? byLatest }),
    ...(percent > 0 && { percent }),
    ...(tag && { tag }),
  }));
}

/**
 * The traffic list that every change starts from: without managed tags on revisions that could not be started or are
 * gone, because Cloud Run would reject the change.
 */
export function soundTraffic({ service, all }: Pick<RunState, 'service' | 'all'>): TrafficTarget[] {
  const sound = new Set(all.flatMap(({ id, failed }) => (failed ? [] : [id])));
  const isBroken = (tag: string, revision: string | undefined): boolean =>
    purposeOfTag(tag) !== undefined && revision !== undefined && !sound.has(revision);
  return withoutTags(trafficOf(service), isBroken);
}

/** Shares by revision. One that follows the latest revision counts for what that is now. */
export function sharesOf(service: Service): Map<string, number> {
  const shares = new Map<string, number>();
  const latest = shortName(service.latestReadyRevision);
  for (const { revision = latest, percent = 0 } of trafficOf(service)) {
    if (percent > 0 && revision) shares.set(revision, (shares.get(revision) ?? 0) + percent);
  }
  return shares;
}

/** Revisions with the tag of the next live revision. */
const nextOf = (service: Service): Set<string> =>
  new Set(
    trafficOf(service).flatMap(({ tag, revision }) => (purposeOfTag(tag) === 'live' && revision ? [revision] : [])),
  );

/** What callers of the main address reach, and what has a share in the middle of a shift: that has the tag of the next. */
export function servingOf(service: Service): { live: string | undefined; shifting: string | undefined } {
  const shares = [...sharesOf(service)].sort((a, b) => b[1] - a[1]).map(([revision]) => revision);
  const next = nextOf(service);
  const live = shares.find((one) => !next.has(one)) ?? shares[0];
  return { live, shifting: shares.find((one) => one !== live && next.has(one)) };
}

/** Every revision that has a tag or a share of traffic, managed or not. */
export const namedIn = (service: Service): Set<string> =>
  new Set([...trafficOf(service).flatMap(({ revision }) => (revision ? [revision] : [])), ...sharesOf(service).keys()]);

/** The list with a tag on the revision; what had the tag before loses it. */
export const withTag = (traffic: readonly TrafficTarget[], tag: string, revision: string): TrafficTarget[] => [
  ...withoutTags(traffic, (one) => one === tag),
  { type: byRevision, revision, tag },
];

/** The list without those tags; shares of traffic stay. */
export const withoutTags = (
  traffic: readonly TrafficTarget[],
  isGone: (tag: string, revision: string | undefined) => boolean,
): TrafficTarget[] =>
  traffic.flatMap(({ tag, ...rest }) => {
    if (tag === undefined || !isGone(tag, rest.revision)) return [{ ...rest, ...(tag !== undefined && { tag }) }];
    return rest.percent ? [rest] : [];
  });

/** The list with these shares and no others; tags stay. */
export const withShares = (traffic: readonly TrafficTarget[], shares: Record<string, number>): TrafficTarget[] => [
  ...Object.entries(shares).map(([revision, percent]) => ({ type: byRevision, revision, percent }) as const),
  ...traffic.flatMap(({ percent: _, ...rest }) => (rest.tag === undefined ? [] : [rest])),
];

/** Whether two lists mean the same. */
export const isSameTraffic = (one: readonly TrafficTarget[], other: readonly TrafficTarget[]): boolean =>
  meaningOf(one) === meaningOf(other);

/** A tag and a share of one revision may stand in one entry or in two. */
function meaningOf(traffic: readonly TrafficTarget[]): string {
  const lines = traffic.flatMap(({ type, revision = type ?? '', percent = 0, tag }) => [
    ...(percent > 0 ? [`${percent} % ${revision}`] : []),
    ...(tag ? [`${tag} ${revision}`] : []),
  ]);
  return lines.sort().join('\n');
}

/** Address of a tag, if Cloud Run reports that it leads to this revision. */
export const uriOfTag = ({ trafficStatuses = [] }: Service, tag: string, revision: string): string | undefined =>
  trafficStatuses.find((one) => one.tag === tag && shortName(one.revision) === revision)?.uri?.replace(/\/$/, '');
