import type { Keys, StoreGrants } from '../grants.ts';
import { unique } from '../grants.ts';

/** A custom role with one permission, and where it holds. */
export interface ObjectRole {
  id: string;
  title: string;
  permission: string;
  /** Expressions in CEL, one binding each. */
  conditions: string[];
}

/**
 * A condition takes twelve logical operators; a key with a suffix needs one more.
 * https://cloud.google.com/iam/docs/conditions-overview#limitations
 */
const termsOfOne = 6;

const nameOf = (bucket: string, key: string): string => JSON.stringify(`projects/_/buckets/${bucket}/objects/${key}`);

/** What a key with a middle holds there is taken out of it; nothing is taken out of other keys. */
function term(bucket: string, { begin, open, middle, end }: Keys): string {
  if (!open) return `resource.name == ${nameOf(bucket, begin)}`;
  const begins = middle
    ? `resource.name.extract(${nameOf(bucket, `${begin}{part}${middle}`)}) != ""`
    : `resource.name.startsWith(${nameOf(bucket, begin)})`;
  return end === undefined ? begins : `(${begins} && resource.name.endsWith(${JSON.stringify(end)}))`;
}

function conditions(bucket: string, keys: readonly Keys[]): string[] {
  const terms = unique(keys).map((key) => term(bucket, key));
  const expressions: string[] = [];
  for (let at = 0; at < terms.length; at += termsOfOne) {
    expressions.push(terms.slice(at, at + termsOfOne).join(' || '));
  }
  return expressions;
}

/**
 * Permissions of objects; Google counts replacing as deleting and creating. Names are listed in the bucket as a whole: its
 * listings are no matter of single objects, and without the right to list, missing objects are denied instead of missing.
 * https://cloud.google.com/storage/docs/access-control/iam-permissions
 */
export function objectRoles(bucket: string, grants: StoreGrants): ObjectRole[] {
  const whole = (keys: readonly Keys[]) =>
    keys.length > 0 ? [`resource.name == ${JSON.stringify(`projects/_/buckets/${bucket}`)}`] : [];
  const roles: [string, string, string, string[]][] = [
    ['coldgateObjectReader', 'Coldgate: read objects', 'storage.objects.get', conditions(bucket, grants.read)],
    ['coldgateObjectLister', 'Coldgate: list objects', 'storage.objects.list', whole(grants.list)],
    ['coldgateBucketLocator', 'Coldgate: see where the bucket is', 'storage.buckets.get', whole(grants.locate ?? [])],
    [
      'coldgateObjectCreator',
      'Coldgate: create objects',
      'storage.objects.create',
      conditions(bucket, [...grants.create, ...grants.replace]),
    ],
    [
      'coldgateObjectRemover',
      'Coldgate: replace and remove objects',
      'storage.objects.delete',
      conditions(bucket, [...grants.replace, ...grants.remove]),
    ],
  ];
  return roles
    .map(([id, title, permission, expressions]) => ({ id, title, permission, conditions: expressions }))
    .filter((role) => role.conditions.length > 0);
}
