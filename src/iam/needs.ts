/** Verbs that meet a store or a target; the others need no permission. */
export const iamVerbs = [
  'validate',
  'publish',
  'verify',
  'deploy',
  'warmup',
  'promote',
  'rollback',
  'ship',
  'status',
  'history',
  'prune',
  'destroy',
  'doctor',
] as const;

export type IamVerb = (typeof iamVerbs)[number];

/** Parts of a store that verbs write in; src/model/layout.ts spells their keys. */
export type Area =
  | 'versions'
  | 'tombstones'
  | 'pointer'
  | 'history'
  | 'pins'
  | 'baselines'
  /** What doctor has found out. */
  | 'verdict'
  /** Where doctor tries the store out. */
  | 'trials';

/** What a verb writes. `create` needs a free key, `replace` one that is unchanged. */
export type Deed = 'create' | 'replace' | 'remove';

/** What a verb does to a target. */
export type TargetDeed =
  /** Looks at functions, versions, aliases and addresses. */
  | 'look'
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
  /** Reads what doctor has found out about the store. */
  trust?: boolean;
  writes?: Partial<Record<Area, readonly Deed[]>>;
  target?: readonly TargetDeed[];
}

const pin = ['create', 'remove'] as const;

const serving = ['look', 'make', 'place', 'clear'] as const;

/** What each verb asks of store and target; test/iam/ compares it with what verbs are seen to ask. */
const perVerb: Record<Exclude<IamVerb, 'ship'>, Needs> = {
  validate: { reads: true },
  publish: { reads: true, writes: { versions: ['create'], pins: pin } },
  verify: { reads: true },
  deploy: { reads: true, target: serving },
  warmup: { reads: true, writes: { baselines: ['create', 'replace'] }, target: ['look', 'make'] },
  promote: {
    reads: true,
    trust: true,
    // A version that is the first to be promoted is pinned meanwhile.
    writes: { pointer: ['create', 'replace'], history: ['create'], pins: pin },
    target: serving,
  },
  rollback: { reads: true, trust: true, writes: { pointer: ['replace'], history: ['create'] }, target: serving },
  status: { reads: true, target: ['look'] },
  history: { reads: true },
  prune: {
    reads: true,
    writes: {
      tombstones: ['create', 'replace'],
      versions: ['remove'],
      pointer: ['replace'],
      history: ['create'],
      pins: ['remove'],
    },
    target: ['look'],
  },
  destroy: { reads: false, target: ['look', 'clear', 'remove'] },
  doctor: {
    reads: false,
    trust: true,
    writes: { verdict: ['create', 'replace'], trials: ['create', 'replace', 'remove'] },
  },
};

/** Steps of `ship`. */
const shipped = ['publish', 'verify', 'deploy', 'warmup', 'promote'] as const;

/** What these verbs need together. */
export function needsOf(verbs: readonly IamVerb[]): Required<Needs> {
  const single = verbs.flatMap((verb) => (verb === 'ship' ? shipped : [verb]));
  const each = [...new Set(single)].map((verb) => perVerb[verb]);
  const writes: Partial<Record<Area, Deed[]>> = {};
  for (const [area, deeds] of each.flatMap((needs) => Object.entries(needs.writes ?? {}))) {
    const all = new Set([...(writes[area as Area] ?? []), ...deeds]);
    writes[area as Area] = [...all];
  }
  return {
    reads: each.some((needs) => needs.reads),
    trust: each.some((needs) => needs.trust),
    writes,
    target: [...new Set(each.flatMap((needs) => needs.target ?? []))],
  };
}

/** Jobs that a repository gives roles of their own. */
export const roleVerbs = {
  /** The job of a release: everything. */
  pipeline: iamVerbs,
  /** The job of a pull request: proves a version, and can make nothing live nor take away what is. */
  preview: ['validate', 'publish', 'verify', 'deploy', 'warmup', 'status'],
} as const satisfies Record<string, readonly IamVerb[]>;
