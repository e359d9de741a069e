import {
  baselineKey,
  doctorPrefix,
  doctorRecordKey,
  historyPrefix,
  leasesPrefix,
  modelPrefix,
  pointerKey,
  tombstoneName,
  versionsPrefix,
} from '../model/layout.ts';
import { type Area, type IamVerb, needsOf, type Operation } from './needs.ts';
import { bucketRef, type Subject } from './subject.ts';

/** Keys with this beginning and, where given, this infix and suffix. Without `open`, exactly one key. */
export interface Keys {
  begin: string;
  open: boolean;
  middle?: string;
  end?: string;
}

/** What may be done to objects of the store. Keys are whole: with the store's own prefix. */
export interface StoreGrants {
  read: Keys[];
  /** Prefixes of listings. With the right to list, a missing object is a 404; without it, it is a 403. */
  list: Keys[];
  /** The bucket as a whole, where its location is asked for. */
  locate?: Keys[];
  create: Keys[];
  /** Those of `create` that may be so large that they are sent in parts. */
  parts: Keys[];
  replace: Keys[];
  remove: Keys[];
}

const under = (begin: string): Keys => ({ begin, open: true });
const one = (begin: string): Keys => ({ begin, open: false });

/** Versions of pull requests are `1.1.0-pr.12.1a2b3c4`: src/steps/previews/name.ts. */
const ofPreviews = { middle: 'pr.' };

function keysOf(area: Area, model: string, pointers: Subject['pointers']): Keys[] {
  const [own] = pointers;
  const marks = { begin: versionsPrefix(model), open: true, end: `/${tombstoneName}` };
  switch (area) {
    case 'versions':
      return [under(versionsPrefix(model))];
    case 'tombstones':
      return [marks];
    case 'previews':
      return [{ ...under(versionsPrefix(model)), ...ofPreviews }];
    case 'preview-tombstones':
      return [{ ...marks, ...ofPreviews }];
    case 'pointer':
      return [one(pointerKey(model, own))];
    case 'pointers':
      return pointers.map((pointer) => one(pointerKey(model, pointer)));
    case 'history':
      return [under(historyPrefix(model, own))];
    case 'histories':
      return pointers.map((pointer) => under(historyPrefix(model, pointer)));
    case 'leases':
      return [under(leasesPrefix(model))];
    case 'baselines':
      return [under(baselineKey(model, '', '').replace(/\/\.json$/, ''))];
    case 'verdict':
      return [one(doctorRecordKey)];
    case 'trials':
      return [under(doctorPrefix('').replace(/\/$/, ''))];
  }
}

/** What the verbs need of the store, in keys. Pure. */
export function pipelineGrants(subject: Subject, verbs: readonly IamVerb[]): StoreGrants {
  const { models, pointers } = subject;
  const { root } = bucketRef(subject.store);
  const { reads, listsAll, trust, locates, writes } = needsOf(verbs);
  const own = reads ? models.map((model) => under(modelPrefix(model))) : [];
  const corner = trust ? [under(doctorRecordKey.replace(/[^/]+$/, ''))] : [];
  const names = listsAll ? [under('')] : [...own, ...corner];
  const grants = nothing({ read: own, list: names, locate: locates ? [under('')] : [] });
  if (trust) grants.read.push(one(doctorRecordKey));
  for (const [area, operations] of Object.entries(writes) as [Area, Operation[]][]) {
    const keys = models.flatMap((model) => keysOf(area, model, pointers));
    for (const operation of operations) grants[operation].push(...keys);
    if ((area === 'versions' || area === 'previews') && operations.includes('create')) grants.parts.push(...keys);
    if (area === 'trials') grants.read.push(...keys);
  }
  return inside(root, grants);
}

/**
 * A function reads the pointer and the versions of its models, and nothing else; where it has a queue, it reads and makes what
 * that keeps. @param kept prefixes of what queues keep
 */
export function functionGrants(subject: Subject, models: readonly string[], kept: readonly string[] = []): StoreGrants {
  const { root } = bucketRef(subject.store);
  const [pointer] = subject.pointers;
  const read = models.flatMap((model) => [one(pointerKey(model, pointer)), under(versionsPrefix(model))]);
  const list = models.map((model) => under(modelPrefix(model)));
  const own = kept.map(under);
  return inside(root, nothing({ read: [...read, ...own], list: [...list, ...own], create: own }));
}

const nothing = (but: Partial<StoreGrants>): StoreGrants => ({
  ...{ read: [], list: [], locate: [], create: [], parts: [], replace: [], remove: [] },
  ...but,
});

function inside(root: string, grants: StoreGrants): StoreGrants {
  const moved = Object.entries(grants).map(([operation, keys]) => [
    operation,
    unique((keys as Keys[]).map((k) => ({ ...k, begin: `${root}${k.begin}` }))),
  ]);
  return Object.fromEntries(moved) as StoreGrants;
}

/** Without doubles, and without what another one covers. */
export function unique(keys: readonly Keys[]): Keys[] {
  const covers = (a: Keys, b: Keys) => a !== b && a.open && !a.end && !a.middle && b.begin.startsWith(a.begin);
  const distinct = [...new Map(keys.map((k) => [patternOf(k), k])).values()];
  return distinct.filter((k) => !distinct.some((other) => covers(other, k) && patternOf(other) !== patternOf(k)));
}

/** As policies with wildcards write it: `models/digits/versions/*`. */
export const patternOf = ({ begin, open, middle, end = '' }: Keys): string =>
  `${begin}${open ? '*' : ''}${middle ? `${middle}*` : ''}${end}`;
