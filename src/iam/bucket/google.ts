import { type Advice, areasOf, type Premises, quoted, versionAreasOf } from './advice.ts';

/**
 * Rules of https://cloud.google.com/storage/docs/lifecycle. Nothing that is live is deleted, and none goes to ARCHIVE:
 * age does not tell what a pointer names. A rule takes up to 50 prefixes.
 */
function lifecycleOf(premises: Premises): object {
  const { coldAfter, keep } = premises;
  const inRules = (prefixes: string[], rule: (matchesPrefix: string[]) => object) =>
    Array.from({ length: Math.ceil(prefixes.length / 50) }, (_, at) => rule(prefixes.slice(at * 50, at * 50 + 50)));
  const cold = inRules(versionAreasOf(premises), (matchesPrefix) => ({
    action: { type: 'SetStorageClass', storageClass: 'NEARLINE' },
    condition: { age: coldAfter, isLive: true, matchesStorageClass: ['STANDARD'], matchesPrefix },
  }));
  const old = inRules(areasOf(premises), (matchesPrefix) => ({
    action: { type: 'Delete' },
    condition: { daysSinceNoncurrentTime: keep, isLive: false, matchesPrefix },
  }));
  return { lifecycle: { rule: [...cold, ...old] } };
}

/** What a bucket on Google Cloud Storage is to be told, with the gcloud CLI. */
export function adviceForGoogle(premises: Premises): Advice[] {
  const { bucket, coldAfter, keep } = premises;
  const update = (...flags: string[]) => `gcloud storage buckets update ${quoted(`gs://${bucket}`)} ${flags.join(' ')}`;
  const plain = { files: [], optional: false };
  return [
    {
      ...plain,
      name: 'private-access',
      why: 'Nobody reads or writes but by a role: no access lists, and nothing can be made public.',
      commands: [update('--uniform-bucket-level-access', '--public-access-prevention')],
    },
    {
      ...plain,
      name: 'versioning',
      why: `What is deleted or replaced, by prune, by hand or by a flip of the pointer, can be had back for ${keep} days.`,
      commands: [update('--versioning')],
    },
    {
      ...plain,
      name: 'lifecycle',
      why: `Versions older than ${coldAfter} days go to a colder class that is read at once, never to ARCHIVE; what was replaced goes after ${keep} days. It replaces the rules that the bucket has: add yours to the file.`,
      files: [{ file: 'coldgate-lifecycle.json', content: lifecycleOf(premises) }],
      commands: [update('--lifecycle-file=coldgate-lifecycle.json')],
    },
    {
      ...plain,
      name: 'retention',
      why: `Nothing is destroyed for ${keep} days, by nobody. Not a retention period of the bucket: that would refuse the flip of a pointer.`,
      commands: [update(`--soft-delete-duration=${keep}d`)],
    },
    {
      ...plain,
      name: 'conditional-writes',
      why: 'Google has no policy that demands a condition. Its roles do as much: who may create objects and not delete them cannot replace one, and the roles of coldgate iam let nobody replace but pointers and tombstones.',
      commands: [],
    },
  ];
}
