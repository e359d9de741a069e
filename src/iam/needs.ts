/** Verbs that use a store or a target; the others need no permission. */
export const iamVerbs = [
  'validate',
  'publish',
  'verify',
  'url',
  'evaluate',
  'deploy',
  'warmup',
  'promote',
  'release',
  'rollback',
  'ship',
  'status',
  'history',
  'prune',
  'preview',
  'destroy',
  'sweep',
  'event',
  'doctor',
  'advise',
  'ping',
] as const;

export type IamVerb = (typeof iamVerbs)[number];

/** Parts of a store that verbs write in; src/model/layout.ts spells their keys. */
export type Area =
  | 'versions'
  | 'tombstones'
  /** Versions of pull requests, and their tombstones. */
  | 'previews'
  | 'preview-tombstones'
  /** The environment's own pointer, and its records. */
  | 'pointer'
  | 'history'
  /** Those of all environments in the store: a prune writes its fence into each. */
  | 'pointers'
  | 'histories'
  | 'leases'
  | 'baselines'
  /** What doctor has found out. */
  | 'verdict'
  /** Where doctor tries the store out. */
  | 'trials';

/** What a verb writes. `create` needs a free key, `replace` one that is unchanged. */
export type Operation = 'create' | 'replace' | 'remove';

/** What a verb does to a target. */
export type TargetOperation =
  /** Looks at functions, versions, aliases and addresses. */
  | 'look'
  /** Asks which functions there are, also those that models.yaml does not name any more. */
  | 'list'
  /** Asks where the store's account is that is the target's, too. */
  | 'locate'
  /** Calls a function as a client does. */
  | 'call'
  /** Makes the function and publishes versions of it, invokes them and removes what is no longer needed. */
  | 'make'
  /** Gives versions a name and an address that callers reach. */
  | 'place'
  /** Takes candidates away. */
  | 'clear'
  /** Takes the whole function away. */
  | 'remove';

export interface Needs {
  /** Reads and lists versions, pointers and records of its models. */
  reads: boolean;
  /** Lists names of the whole store, also of models that models.yaml does not name any more. */
  listsAll?: boolean;
  /** Reads what doctor has found out about the store. */
  trust?: boolean;
  /** Asks where the bucket is. */
  locates?: boolean;
  /** Signs links to objects of the store, by a call to its cloud. */
  signs?: boolean;
  writes?: Partial<Record<Area, readonly Operation[]>>;
  /** With the environment's functions. */
  target?: readonly TargetOperation[];
  /** With functions of pull requests. */
  previews?: readonly TargetOperation[];
  /** With functions of other environments in the store. */
  neighbours?: readonly TargetOperation[];
}

const leaseWrites = ['create', 'remove'] as const;

const serving = ['look', 'make', 'place', 'call', 'clear'] as const;

/** What every prune writes beside what it deletes. */
const fences: Needs['writes'] = { pointers: ['replace'], histories: ['create'], leases: ['remove'] };
const clearing: Needs['writes'] = {
  ...fences,
  'preview-tombstones': ['create', 'replace'],
  previews: ['remove'],
  baselines: ['remove'],
};
const pruning: Needs['writes'] = { ...fences, tombstones: ['create', 'replace'], versions: ['remove'] };

/** Verbs that are others, one after the other. */
const chains = {
  ship: ['publish', 'verify', 'evaluate', 'deploy', 'warmup', 'promote'],
  release: ['verify', 'evaluate', 'deploy', 'warmup', 'promote'],
} as const;

/** What each verb asks of store and target; test/iam/ compares it with what verbs are seen to ask. */
const perVerb: Record<Exclude<IamVerb, keyof typeof chains>, Needs> = {
  validate: { reads: true },
  publish: { reads: true, writes: { versions: ['create'], leases: leaseWrites } },
  verify: { reads: true },
  url: { reads: true, signs: true },
  // Its function runs on this machine.
  evaluate: { reads: true, writes: { baselines: ['create', 'replace'] } },
  deploy: { reads: true, target: serving },
  warmup: { reads: true, writes: { baselines: ['create', 'replace'] }, target: ['look', 'make', 'call'] },
  promote: {
    reads: true,
    trust: true,
    // The first promotion of a pointer takes a lease on its version.
    writes: { pointer: ['create', 'replace'], history: ['create'], leases: leaseWrites },
    target: serving,
  },
  rollback: { reads: true, trust: true, writes: { pointer: ['replace'], history: ['create'] }, target: serving },
  status: { reads: true, target: ['look'] },
  // With --repair it writes what promote does; who only looks is not granted that.
  history: { reads: true },
  prune: { reads: true, trust: true, writes: pruning, target: ['look'], previews: ['look'] },
  preview: {
    reads: true,
    writes: {
      ...clearing,
      previews: ['create', 'remove'],
      leases: leaseWrites,
      baselines: ['create', 'replace', 'remove'],
    },
    // What is live runs in the preview's own function to be compared.
    target: ['look', 'list'],
    // A closed pull request takes its functions away, also of models that it has dropped again.
    listsAll: true,
    previews: [...serving, 'remove'],
  },
  destroy: {
    ...{ reads: true, listsAll: true, writes: clearing },
    target: ['look', 'list', 'clear', 'remove'],
    previews: ['look', 'clear', 'remove'],
  },
  sweep: {
    ...{ reads: true, listsAll: true, trust: true },
    writes: { ...pruning, baselines: ['remove'] },
    target: ['look', 'list', 'call'],
    previews: ['look', 'clear', 'remove'],
    neighbours: ['look'],
  },
  // What a push would ship.
  event: { reads: true, target: ['look'] },
  doctor: {
    ...{ reads: true, locates: true, trust: true, target: ['locate'] },
    writes: { verdict: ['create', 'replace'], trials: ['create', 'replace', 'remove'] },
  },
  advise: { reads: true, locates: true, target: ['locate'] },
  ping: { reads: false, target: ['look', 'call'] },
};

/** What these verbs need together. */
export function needsOf(verbs: readonly IamVerb[]): Required<Needs> {
  const single = verbs.flatMap((verb) => (verb === 'ship' || verb === 'release' ? chains[verb] : [verb]));
  const each = [...new Set(single)].map((verb) => perVerb[verb]);
  const writes: Partial<Record<Area, Operation[]>> = {};
  for (const [area, operations] of each.flatMap((needs) => Object.entries(needs.writes ?? {}))) {
    writes[area as Area] = [...new Set([...(writes[area as Area] ?? []), ...operations])];
  }
  return {
    reads: each.some((needs) => needs.reads),
    listsAll: each.some((needs) => needs.listsAll),
    trust: each.some((needs) => needs.trust),
    locates: each.some((needs) => needs.locates),
    signs: each.some((needs) => needs.signs),
    writes,
    target: unite(each.map((needs) => needs.target)),
    previews: unite(each.map((needs) => needs.previews)),
    neighbours: unite(each.map((needs) => needs.neighbours)),
  };
}

const unite = (all: readonly (readonly TargetOperation[] | undefined)[]) => [...new Set(all.flatMap((s) => s ?? []))];

/** Jobs that have separate roles. */
export const roleVerbs = {
  /** The job of a release: everything but links, which hand on what it may read: they are asked for by name. */
  pipeline: iamVerbs.filter((verb) => verb !== 'url'),
  /** The job of a pull request: shows and measures a version, and takes away what it has shown. */
  preview: ['validate', 'preview', 'status'],
} as const satisfies Record<string, readonly IamVerb[]>;
