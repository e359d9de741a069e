import { keyTagPrefix, markOf, ownerText, type RevisionMark, readMark, type WantedRevision } from './apim-wanted.ts';

/** A revision of the API as API Management lists it. */
export interface RevisionResource {
  apiRevision?: string;
  description?: string | null;
  isCurrent?: boolean;
  createdDateTime?: string;
}

export interface ApiResource {
  properties?: { description?: string | null; apiRevision?: string; path?: string };
}

export interface BackendResource {
  properties?: {
    description?: string | null;
    url?: string;
    resourceId?: string;
    credentials?: { header?: Record<string, string[]> | null } | null;
  };
}

export interface KeyResource {
  properties?: { tags?: string[] | null; secret?: boolean };
}

/** What there is of one revision that is wanted. */
export interface ApimView {
  /** That of the current revision; undefined where there is no API. */
  api: ApiResource | undefined;
  revisions: readonly RevisionResource[];
  backend: BackendResource | undefined;
  key: KeyResource | undefined;
  /** Policy of the revision that has the wanted digest, or else holds the API. */
  policy: string | undefined;
  /** Products that have the API, of those that the settings or a revision name. */
  products: ReadonlySet<string>;
  /** Whether the subscription that releases are proven with is there. */
  hasSubscription: boolean;
}

/** The next thing to do; each is safe to do twice. */
export type ApimStep =
  | { do: 'nothing'; revision: string }
  | { do: 'refuse'; what: string }
  | { do: 'put-key' }
  | { do: 'put-backend' }
  | { do: 'create-api' }
  | { do: 'move-path' }
  | { do: 'hold'; revision: string }
  | { do: 'create-revision'; revision: string }
  | { do: 'put-policy'; revision: string }
  | { do: 'put-product' }
  | { do: 'put-subscription' }
  | { do: 'release'; revision: string; former: string | undefined }
  | { do: 'leave-product'; product: string };

export const isOwn = ({ properties }: ApiResource | BackendResource, owner: string): boolean =>
  properties?.description === ownerText(owner);

/** Named values have tags, where other things have descriptions. */
export const hasKeyTag = ({ properties }: KeyResource): boolean =>
  (properties?.tags ?? []).some((tag) => tag.startsWith(keyTagPrefix));

export const currentOf = (revisions: readonly RevisionResource[]): RevisionResource | undefined =>
  revisions.find(({ isCurrent }) => isCurrent === true);

/** The newest revision that is marked so. */
export const findRevision = (
  revisions: readonly RevisionResource[],
  { role, digest, version }: Pick<RevisionMark, 'role' | 'digest' | 'version'>,
): RevisionResource | undefined =>
  [...revisions].sort(newestFirst).find(({ description }) => {
    const mark = readMark(description);
    return mark?.role === role && mark.digest === digest && mark.version === version;
  });

const numberOf = ({ apiRevision }: RevisionResource): number => Number(apiRevision) || 0;
const newestFirst = (a: RevisionResource, b: RevisionResource): number => numberOf(b) - numberOf(a);

/**
 * What brings API Management nearer to a wanted revision, in the order in which one thing names another: key, backend,
 * API, revision, policy, product; and, where it is what is live, the release. A new API begins with a revision that only
 * holds it, so that the first release is a flip like all others. Pure.
 * @param taken numbers of revisions that are not free although none has them
 */
export function nextApimStep(view: ApimView, wanted: WantedRevision, taken: ReadonlySet<string>): ApimStep {
  const { api, revisions } = view;
  if (api && !isOwn(api, wanted.owner)) return { do: 'refuse', what: `the API ${wanted.names.api}` };
  if (view.backend && !isOwn(view.backend, wanted.owner)) {
    return { do: 'refuse', what: `the backend ${wanted.backend.id}` };
  }
  if (view.key && !hasKeyTag(view.key)) return { do: 'refuse', what: `the named value ${wanted.key.id}` };
  if (!isSameKey(view.key, wanted)) return { do: 'put-key' };
  if (!isSameBackend(view.backend, wanted)) return { do: 'put-backend' };
  if (!api) return { do: 'create-api' };
  // All revisions have one path: a candidate takes what there is.
  if (wanted.version === null && api.properties?.path !== wanted.names.path) return { do: 'move-path' };
  const mark = markOf(wanted);
  const found = findRevision(revisions, mark);
  if (!found) {
    const current = currentOf(revisions);
    const held = readMark(current?.description);
    if (held?.role === 'holder' && !isComplete(view.policy, held.digest)) {
      return { do: 'hold', revision: current?.apiRevision ?? '1' };
    }
    return { do: 'create-revision', revision: freeNumber(revisions, taken) };
  }
  const revision = found.apiRevision ?? '';
  if (!isComplete(view.policy, wanted.digest)) return { do: 'put-policy', revision };
  if (wanted.product !== undefined && !view.products.has(wanted.product)) return { do: 'put-product' };
  if (wanted.takesKeys && !view.hasSubscription) return { do: 'put-subscription' };
  if (mark.role === 'live' && found.isCurrent !== true) {
    return { do: 'release', revision, former: currentOf(revisions)?.apiRevision };
  }
  const other = mark.role === 'live' ? [...view.products].find((one) => one !== wanted.product) : undefined;
  return other === undefined ? { do: 'nothing', revision } : { do: 'leave-product', product: other };
}

/** A policy names the digest of what it belongs to; without one, a run was killed before it. */
const isComplete = (policy: string | undefined, digest: string): boolean => policy?.includes(digest) === true;

const isSameKey = (found: KeyResource | undefined, { key }: WantedRevision): boolean => {
  const [tag = ''] = key.fields['tags'] as string[];
  return found?.properties?.secret === true && (found.properties.tags ?? []).includes(tag);
};

/** Compared loosely: ids come back in other case. */
function isSameBackend(found: BackendResource | undefined, { backend }: WantedRevision): boolean {
  const wanted = backend.fields as {
    url: string;
    resourceId: string;
    credentials: { header: Record<string, string[]> };
  };
  const is = found?.properties;
  const same = (a: string | undefined, b: string) => (a ?? '').replace(/\/$/, '').toLowerCase() === b.toLowerCase();
  const headers = Object.entries(is?.credentials?.header ?? {}).map(([name, values]) => [name.toLowerCase(), values]);
  return (
    same(is?.url, wanted.url) &&
    same(is?.resourceId, wanted.resourceId) &&
    JSON.stringify(headers) === JSON.stringify(Object.entries(wanted.credentials.header))
  );
}

function freeNumber(revisions: readonly RevisionResource[], taken: ReadonlySet<string>): string {
  let next = Math.max(1, ...revisions.map(numberOf)) + 1;
  while (taken.has(String(next))) next++;
  return String(next);
}

/** How many revisions stay beside the current one, to go back to. */
const keptRevisions = 2;

/**
 * Revisions of what was live that nothing needs: neither the current one nor those that were made last, nor any of
 * someone else, nor candidates, which go with their function. The one that held the API goes once something is
 * released. Pure.
 */
export function surplusRevisions(revisions: readonly RevisionResource[], kept = keptRevisions): RevisionResource[] {
  const others = revisions.filter(({ isCurrent }) => isCurrent !== true).sort(newestFirst);
  const ofRole = (role: RevisionMark['role']) => others.filter((one) => readMark(one.description)?.role === role);
  return [...ofRole('live').slice(kept), ...ofRole('holder')];
}
