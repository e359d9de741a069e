import { type Advice, areasOf, type Premises, quoted, resultAreasOf, resultWords, versionAreasOf } from './advice.ts';

/**
 * Rules of https://cloud.google.com/storage/docs/lifecycle. But for results of queues no live object is deleted or moved to ARCHIVE: age does not
 * show what a pointer names. A rule takes up to 50 prefixes.
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
  const results = [...resultAreasOf(premises)].flatMap(([age, prefixes]) =>
    inRules(prefixes, (matchesPrefix) => ({
      action: { type: 'Delete' },
      condition: { age, isLive: true, matchesPrefix },
    })),
  );
  return { lifecycle: { rule: [...cold, ...old, ...results] } };
}

/** Commands of the gcloud CLI that set up a bucket. */
export function adviceForGoogle(premises: Premises): Advice[] {
  const { bucket, coldAfter, keep } = premises;
  const update = (...flags: string[]) => `gcloud storage buckets update ${quoted(`gs://${bucket}`)} ${flags.join(' ')}`;
  const plain = { files: [], optional: false };
  return [
    {
      ...plain,
      name: 'private-access',
      why: 'Reads and writes need a role: no access lists, and nothing can be made public.',
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
      why: `Versions older than ${coldAfter} days go to a colder class that is read at once, never to ARCHIVE; what was replaced goes after ${keep} days.${resultWords(premises)} It replaces the rules that the bucket has: add yours to the file.`,
      files: [{ file: 'coldgate-lifecycle.json', content: lifecycleOf(premises) }],
      commands: [update('--lifecycle-file=coldgate-lifecycle.json')],
    },
    {
      ...plain,
      name: 'retention',
      why: `No one can destroy an object for ${keep} days. This is not a retention period of the bucket, which would refuse the flip of a pointer.`,
      commands: [update(`--soft-delete-duration=${keep}d`)],
    },
    {
      ...plain,
      name: 'conditional-writes',
      why: 'Google has no policy that requires a precondition. Its roles have the same effect: an identity that may create but not delete objects cannot replace one, and the roles of coldgate iam allow only pointers and tombstones to be replaced.',
      commands: [],
    },
  ];
}
