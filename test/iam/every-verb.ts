import { afterAll, describe, expect, it } from 'vitest';
import type { StoreSettings } from '../../src/config/types.ts';
import { iamVerbs } from '../../src/iam/needs.ts';
import type { Recorded } from '../emulators/fault.ts';
import type { Server } from '../emulators/servers.ts';
import { denied, type Grant, unused } from './compare.ts';
import type { Access } from './evaluate.ts';
import { iamIn, iamOf, type PrintedPolicySet, policySetsOf } from './printed.ts';
import { RecordedProject, runEveryVerb } from './recording.ts';

/** One cloud: what its requests need, and what its documents grant. */
export interface Cloud {
  server: () => Server;
  settings: () => Promise<StoreSettings>;
  /** Further variables of the command line. */
  env?: () => Record<string, string>;
  /** What must be allowed for the request. Throws for one that the cloud's table does not know. */
  accesses: (request: Recorded) => Access[];
  grants: (policySet: PrintedPolicySet) => Grant[];
  /** Target whose function the read policy is printed for. */
  functionTarget: string;
}

/** What every verb that prunes may write, and does where something was left behind. */
const leftovers: [RegExp, string][] = [
  [/history/, 'a record that a crash left out is written before the pointer is touched'],
  [/leases/, 'leases of dead runs are removed'],
];

/** Grants that a run without mishaps does not use, by verb, with the reason that they are there for. */
const kept: Record<string, [RegExp, string][]> = {
  all: [
    [/Abort/, 'an upload that fails takes its parts away'],
    [/ListBucket|objects\.list|blobs\/read Blob\.List/, 'what is missing must be told from what is denied'],
  ],
  ship: [[/delete.*baselines/, 'the record of a measurement that goes on is written again']],
  release: [
    [/baselines/, 'the record of a measurement that goes on is written again'],
    [/leases/, 'a version that is the first to be promoted has a lease'],
  ],
  prune: leftovers,
  preview: leftovers,
  destroy: leftovers,
  sweep: [
    ...leftovers,
    [/doctor\.json/, 'what doctor has found is read before anything is deleted'],
    [/Put|Delete|create|delete|write|GenerateDataKey/, 'what prune and destroy do, where something was left behind'],
  ],
};

/** Runs every verb through the command line on the cloud's server and holds what it asked to what each verb is granted. */
export function comparesEveryVerb(cloud: Cloud): void {
  let recorded: RecordedProject;
  afterAll(() => recorded?.close());

  it('every verb runs through the command line', async () => {
    recorded = await RecordedProject.open(cloud.server(), await cloud.settings(), { env: cloud.env?.() ?? {} });
    await runEveryVerb(recorded);
    expect([...recorded.pipeline.keys()].sort()).toEqual([...iamVerbs].sort());
  }, 600_000);

  const granted = async (role: string, given: Record<string, string>): Promise<Grant[]> => {
    const needed = { environment: 'production', role, account: '123456789012', ...given };
    return policySetsOf(await iamIn(recorded.project.folder, needed)).flatMap(cloud.grants);
  };
  const needed = (verb: string): Access[] => (recorded.pipeline.get(verb) ?? []).flatMap(cloud.accesses);

  describe('each verb alone', () => {
    it('asks for nothing that it is not granted', async () => {
      for (const verb of recorded.pipeline.keys()) {
        expect([verb, denied(await granted('pipeline', { verbs: verb }), needed(verb))]).toEqual([verb, []]);
        // A ping asks the function alone.
        if (verb !== 'ping') expect(needed(verb).length).toBeGreaterThan(0);
      }
    });

    it('is granted nothing that it does not ask for, but for mishaps', async () => {
      for (const verb of recorded.pipeline.keys()) {
        const patterns = [...(kept['all'] ?? []), ...(kept[verb] ?? [])].map(([pattern]) => pattern);
        const surplus = unused(await granted('pipeline', { verbs: verb }), needed(verb), patterns);
        expect([verb, surplus]).toEqual([verb, []]);
      }
    });
  });

  it('a job of a pull request gets what its verbs ask for', async () => {
    const grants = await granted('preview', {});
    for (const verb of ['validate', 'preview', 'status'])
      expect([verb, denied(grants, needed(verb))]).toEqual([verb, []]);
    for (const verb of ['publish', 'promote', 'prune']) expect(denied(grants, needed(verb))).not.toEqual([]);
  });

  it('the function asks for nothing that it is not granted, and for all of it', async () => {
    const accesses = recorded.functions.flatMap(cloud.accesses);
    const printed = await iamOf(recorded.yamlWith(cloud.functionTarget), {
      environment: 'production',
      role: 'function',
    });
    const grants = policySetsOf(printed)
      .flatMap(cloud.grants)
      .filter(({ label }) => !/logs:/.test(label));
    expect(accesses.length).toBeGreaterThan(0);
    expect(denied(grants, accesses)).toEqual([]);
    expect(unused(grants, accesses, [kept['all']![1]![0]])).toEqual([]);
  });
}
