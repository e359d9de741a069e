import { beforeEach, describe, expect, it } from 'vitest';
import { fileKey, historyKey, leaseKey, pointerKey, tombstoneKey } from '../../../src/model/layout.ts';
import { encodeTombstone } from '../../../src/registry/version/tombstone.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import type { Store } from '../../../src/stores/store.ts';
import { checkInvariants } from '../../fakes/registry/invariants.ts';
import { codeOf, day, keysOf, model, overwrite, Simulation, textAt } from '../../fakes/registry/simulation.ts';
import { AgedStore, MeddlingStore } from '../../fakes/registry/wrapped-store.ts';

let store: Store;
let simulation: Simulation;
const releases = ['1.0.0', '1.1.0', '1.9.0', '1.10.0', '2.0.0-rc.1', '2.0.0'];

beforeEach(async () => {
  simulation = new Simulation(new AgedStore(openMemoryStore(), () => simulation.clock));
  store = simulation.store;
});

const later = (ms: number) => {
  simulation.clock = new Date(simulation.clock.getTime() + ms);
};
const publishAll = async (versions: string[]) => {
  for (const version of versions) await simulation.publish(version);
};
const left = async () => {
  const found = new Set((await keysOf(store, `${model}/versions/`)).map((key) => key.split('/')[2]!));
  return [...found].sort();
};

describe('what is kept', () => {
  it('are the newest releases by semantic version, not by text', async () => {
    await publishAll(releases);
    const { deleted } = await simulation.prune({ retain: 3 });
    expect(deleted.map((d) => d.version)).toEqual(['1.9.0', '1.1.0', '1.0.0']);
    expect(await left()).toEqual(['1.10.0', '2.0.0', '2.0.0-rc.1']);
    expect(await keysOf(store, `${model}/versions/1.0.0/`)).toEqual([]);
  });

  it('is what any pointer names, as live or as previous, and the window of its history', async () => {
    await publishAll(releases);
    for (const version of ['1.0.0', '1.1.0', '1.9.0', '1.1.0']) await simulation.promote(version);
    await simulation.promote('1.10.0', { pointer: 'staging.json' });
    const { plan } = await simulation.prune({ retain: 1 });
    const reasons = Object.fromEntries(plan.versions.map((v) => [v.version, [v.action, ...v.reasons]]));
    expect(reasons['2.0.0']).toEqual(['keep', 'one of the newest 1']);
    expect(reasons['1.1.0']).toEqual(['keep', 'live in current.json', 'among the last 1 versions of current.json']);
    expect(reasons['1.9.0']).toEqual(['keep', 'previous in current.json']);
    expect(reasons['1.10.0']![1]).toBe('live in staging.json');
    expect(reasons['1.0.0']![0]).toBe('delete');
    expect(await left()).toEqual(['1.1.0', '1.10.0', '1.9.0', '2.0.0']);
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });

  it('is what was live among the last distinct versions', async () => {
    await publishAll(releases);
    for (const version of ['1.0.0', '1.1.0', '1.9.0', '1.1.0', '1.9.0', '1.1.0']) await simulation.promote(version);
    await simulation.prune({ retain: 3 });
    expect(await left()).toEqual(['1.0.0', '1.1.0', '1.10.0', '1.9.0', '2.0.0', '2.0.0-rc.1']);
  });

  it('is what the caller protects, with the reason', async () => {
    await publishAll(releases);
    const protectedVersions = [{ version: '1.0.0', reason: 'deployed as digits-production' }];
    const { plan } = await simulation.prune({ retain: 1, protectedVersions });
    expect(plan.versions.find((v) => v.version === '1.0.0')?.reasons).toEqual(['deployed as digits-production']);
    expect(await left()).toEqual(['1.0.0', '2.0.0']);
  });

  it('is at least one release, whatever is asked', async () => {
    await publishAll(['1.0.0', '1.1.0']);
    await simulation.prune({ retain: 0 });
    expect(await left()).toEqual(['1.1.0']);
  });

  it('are previews for a day, which do not count as releases', async () => {
    await publishAll(['1.0.0', '1.1.0', '1.2.0-pr.7.abc', '1.2.0-pr.8.def']);
    await simulation.prune({ retain: 2 });
    expect(await left()).toEqual(['1.0.0', '1.1.0', '1.2.0-pr.7.abc', '1.2.0-pr.8.def']);
    later(2 * day);
    await simulation.prune({ retain: 2, protectedVersions: [{ version: '1.2.0-pr.8.def', reason: 'open preview' }] });
    expect(await left()).toEqual(['1.0.0', '1.1.0', '1.2.0-pr.8.def']);
  });

  it('is all but what is asked for, when something is', async () => {
    await publishAll(['1.0.0', '1.1.0', '1.2.0-pr.7.abc']);
    await simulation.promote('1.1.0');
    const { deleted } = await simulation.prune({ retain: 1, only: ['1.2.0-pr.7.abc', '1.1.0'] });
    expect(deleted.map((d) => d.version)).toEqual(['1.2.0-pr.7.abc']);
    expect(await left()).toEqual(['1.0.0', '1.1.0']);
  });

  it('is history, always, and what is none of ours', async () => {
    await publishAll(['1.0.0', '1.1.0', '1.2.0', '1.3.0']);
    for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) await simulation.promote(version);
    await overwrite(store, `${model}/versions/notes.txt`, 'x');
    await overwrite(store, `${model}/versions/not a version/x`, 'x');
    const { plan } = await simulation.prune({ retain: 1 });
    expect(await keysOf(store, `${model}/history/`)).toHaveLength(4);
    expect(plan.foreign).toEqual(['not a version', 'notes.txt']);
    expect(await left()).toEqual(['1.2.0', '1.3.0', 'not a version', 'notes.txt']);
  });
});

describe('a dry run', () => {
  it('says what and why and touches nothing', async () => {
    await publishAll(['1.0.0', '1.1.0']);
    const before = await keysOf(store);
    const { plan, deleted } = await simulation.prune({ retain: 1, dryRun: true });
    expect(deleted).toEqual([]);
    expect(plan.versions.map((v) => [v.version, v.action, v.state])).toEqual([
      ['1.1.0', 'keep', 'complete'],
      ['1.0.0', 'delete', 'complete'],
    ]);
    expect(plan.versions[1]!.reasons).toEqual(['older than the newest 1, and nothing names it']);
    expect(plan.versions[1]).toMatchObject({ objects: 4 });
    expect(await keysOf(store)).toEqual(before);
  });
});

describe('what an unfinished publish left', () => {
  it('is removed once nothing was written there for a day', async () => {
    await simulation.publish('1.0.0');
    await overwrite(store, fileKey(model, '2.0.0', 'model.onnx'), 'half');
    await simulation.prune();
    expect(await left()).toEqual(['1.0.0', '2.0.0']);
    later(day + 1);
    const { deleted } = await simulation.prune();
    expect(deleted.map((d) => d.version)).toEqual(['2.0.0']);
    expect(await left()).toEqual(['1.0.0']);
  });

  it('stays while a publish is at work on it, however old it is', async () => {
    await overwrite(store, fileKey(model, '2.0.0', 'model.onnx'), 'half');
    later(2 * day);
    await overwrite(store, leaseKey(model, '2.0.0', 'someone'), '{}');
    expect((await simulation.prune()).deleted).toEqual([]);
    later(day + 1);
    expect((await simulation.prune()).deleted).toHaveLength(1);
    expect(await keysOf(store)).toEqual([]);
  });

  it('stays when it is published between the plan and the second look', async () => {
    await overwrite(store, fileKey(model, '2.0.0', 'labels.json'), '["zero","one"]');
    later(2 * day);
    const meddling = new MeddlingStore(store);
    meddling.after = async ({ operation, key }) => {
      if (operation !== 'list' || key !== `${model}/`) return;
      meddling.after = async () => {};
      await simulation.publish('2.0.0');
    };
    const result = await simulation.prune({ store: meddling });
    expect(result.withdrawn).toEqual([{ version: '2.0.0', reason: 'it was published meanwhile' }]);
    expect(await codeOf(simulation.promote('2.0.0'))).toBe('done');
  });
});

describe('the tombstone of a prune that died', () => {
  const plant = async (version: string, state: 'checking' | 'deleting') =>
    overwrite(
      store,
      tombstoneKey(model, version),
      Buffer.from(encodeTombstone('dead', state, simulation.clock)).toString(),
    );

  it('is taken over, and the version deleted, while nothing needs it', async () => {
    await publishAll(['1.0.0', '1.1.0']);
    await plant('1.0.0', 'checking');
    await simulation.prune();
    expect(await left()).toEqual(['1.1.0']);
  });

  it('is taken away while something needs the version', async () => {
    await publishAll(['1.0.0', '1.1.0']);
    await simulation.promote('1.0.0');
    await plant('1.0.0', 'checking');
    await plant('1.1.0', 'checking');
    const { withdrawn } = await simulation.prune();
    expect(withdrawn.map((w) => w.version)).toEqual(['1.1.0', '1.0.0']);
    expect(await codeOf(simulation.promote('1.1.0'))).toBe('done');
  });

  it('past the point of no return is finished, also for the newest version', async () => {
    await publishAll(['1.0.0', '1.1.0']);
    await plant('1.1.0', 'deleting');
    const { plan } = await simulation.prune();
    expect(plan.versions[0]).toMatchObject({ version: '1.1.0', action: 'delete', state: 'tombstoned' });
    expect(await left()).toEqual(['1.0.0']);
    expect(await codeOf(simulation.publish('1.1.0'))).toBe('done');
  });

  it('that nobody can have written on a live version is taken away', async () => {
    await simulation.publish('1.0.0');
    await simulation.promote('1.0.0');
    await plant('1.0.0', 'deleting');
    await simulation.prune();
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
    expect(await store.head(tombstoneKey(model, '1.0.0'))).toBeUndefined();
  });
});

describe('pruning with something that cannot be read', () => {
  it('deletes nothing under a pointer that is unusable', async () => {
    await publishAll(['1.0.0', '1.1.0']);
    await overwrite(store, pointerKey(model, 'staging.json'), '{}');
    expect(await codeOf(simulation.prune())).toBe('pointer-unusable');
    expect(await left()).toEqual(['1.0.0', '1.1.0']);
  });

  it('goes on, with a warning, over a history record that is unusable', async () => {
    await publishAll(['1.0.0', '1.1.0']);
    await simulation.promote('1.0.0');
    await simulation.promote('1.1.0');
    await overwrite(store, historyKey(model, 1), '{}');
    await simulation.prune();
    expect(simulation.log.warnings).toHaveLength(1);
    expect(await left()).toEqual(['1.0.0', '1.1.0']);
    expect(await textAt(store, historyKey(model, 1))).toBe('{}');
  });
});
