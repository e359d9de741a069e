import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeployRequest } from '../../../src/rollout/target.ts';
import { refused } from '../../azure/arm-error.ts';
import { AzureBench, functionName } from '../../azure/target-bench.ts';

/* What a release on Premium does with slots, and what it leaves where it is. */
let bench: AzureBench;
beforeAll(async () => {
  bench = await AzureBench.open({ knobs: { looks: 0 }, settings: { plan: 'premium' } });
});
beforeEach(async () => {
  bench.azure.context.fault = () => undefined;
  await (await bench.target()).remove({ name: functionName }, 'all');
  bench.store.point('1.0.0');
});
afterAll(() => bench.close());

const slot = () => bench.sites('next')[0];
const live = (note?: string): DeployRequest => bench.request('live', 0, bench.package(note));
const hostId = 'AzureFunctionsWebHost__hostid';

/** Calls since the last time that change something, but for leases. */
const changes = (): string[] =>
  bench.azure
    .calls()
    .flatMap(({ method, mutating }) => (mutating && !method.startsWith('blobs_lease') ? [method] : []));

describe('a release on Premium', () => {
  it('has one plan for all apps, of the size that is asked for, and removes it with the last', async () => {
    const target = await bench.target({ sku: 'EP3', 'maximum-instances': 7, 'pre-warmed': 2 });
    await target.deploy(bench.request('candidate', 1));
    await target.route(live());
    expect([...bench.azure.web.plans.values()]).toMatchObject([
      { sku: { name: 'EP3', tier: 'ElasticPremium' }, maximumElasticWorkerCount: 7 },
    ]);
    const siteConfig = { linuxFxVersion: 'Node|24', functionAppScaleLimit: 7, preWarmedInstanceCount: 2 };
    expect(bench.live?.properties).toMatchObject({ siteConfig });
    await target.remove({ name: functionName }, 'candidates');
    expect(bench.leftovers()).toHaveLength(3);
    await target.remove({ name: functionName }, 'all');
    expect(bench.leftovers()).toEqual([]);
  });

  it('changes the plan where another size is asked for, and nothing where nothing has changed', async () => {
    await (await bench.target()).route(live());
    changes();
    expect(await (await bench.target()).route(live())).toMatchObject({ changed: false });
    expect(changes()).toEqual([]);
    await (await bench.target({ 'maximum-instances': 9 })).route(live());
    expect([...bench.azure.web.plans.values()]).toMatchObject([{ maximumElasticWorkerCount: 9 }]);
    expect(bench.live?.properties.siteConfig).toMatchObject({ functionAppScaleLimit: 9 });
  });

  it('is shown by a plan where anything of the app differs, and by none where nothing does', async () => {
    await (await bench.target()).route(live());
    const planned = async (more: Record<string, unknown>, cors = '') => {
      const handlerVariables = { ...bench.settings.handlerVariables, ...(cors && { COLDGATE_CORS: cors }) };
      const changes = await (await bench.target(more)).plan({
        ...live(),
        settings: { ...bench.settings, handlerVariables },
      });
      return changes.flatMap(({ action, what }) =>
        action === 'none' ? [] : [what.replace(/^(app|plan) \S+ /, '$1 ')],
      );
    };
    expect(await planned({})).toEqual([]);
    expect(await planned({ 'pre-warmed': 3 })).toEqual(['app preWarmedInstanceCount']);
    expect(await planned({}, 'https://app.example')).toEqual(['app cors']);
    expect(await planned({ tags: { team: 'vision' } })).toEqual(['plan tags', 'app tags']);
    const identity = bench.azure.identities.create('digits', 'models');
    expect(await planned({ identity })).toEqual([expect.stringContaining('settings'), 'app identity']);
    await (await bench.target({ 'pre-warmed': 3 })).route(live());
    expect(bench.live?.properties.siteConfig).toMatchObject({ preWarmedInstanceCount: 3 });
    expect(await planned({ 'pre-warmed': 3 })).toEqual([]);
  });

  it('puts a new package into the slot, unpinned, and swaps: host and key stay where they are', async () => {
    const target = await bench.target();
    const { revision } = await target.route(live());
    const [host, { functionKeys }] = [bench.live!.settings.get(hostId), bench.azure.web.keys.of(bench.live!)];
    const key = functionKeys['coldgate'];
    const after = await target.route(live('second'));
    expect(after.revision.url).toBe(revision.url);
    expect(bench.live!.settings.get(hostId)).toBe(host);
    expect(slot()!.settings.get(hostId)).not.toBe(host);
    expect(bench.azure.web.keys.of(bench.live!).functionKeys['coldgate']).toBe(key);
    expect(bench.live!.settings.has('MODEL_VERSION')).toBe(false);
    expect(slot()!.settings.get('COLDGATE_REVISION')).toBe(revision.id);
  });

  it('has the slot take no messages, and the platform know the triggers of what it was swapped with', async () => {
    const target = await bench.target({ queue: {} });
    bench.azure.knobs.functionsLag = Number.POSITIVE_INFINITY;
    await target.route(live());
    expect(bench.live?.functionsLag).toBe(0);
    const place = bench.live!.settings.get('COLDGATE_QUEUE');
    await target.route(live('second'));
    bench.azure.knobs.functionsLag = 0;
    const off = (site = bench.live!) => [site.settings.get('COLDGATE_QUEUE'), site.settings.get('COLDGATE_QUEUE_OFF')];
    expect([off(), off(slot())]).toEqual([
      [place, undefined],
      [place, 'true'],
    ]);
    expect(bench.live?.functionsLag).toBe(0);
    const messengers = (site = bench.live!) =>
      bench.azure.context.iam.assignments.filter(
        ({ oid, roleId }) => oid === site.principal && roleId.startsWith('974c5e8b'),
      ).length;
    expect([messengers(), messengers(slot())]).toEqual([2, 2]);
    const { principal } = slot()!;
    await target.remove({ name: functionName }, 'all');
    expect(bench.azure.context.iam.assignments.filter(({ oid }) => oid === principal)).toEqual([]);
  });

  it('keeps the packages that an app or slot runs, and no other', async () => {
    const target = await bench.target();
    await target.deploy(bench.request('candidate', 1, bench.package('of the candidate')));
    for (const note of ['first', 'of the candidate', 'second', 'third']) await target.route(live(note));
    const kept = (...notes: string[]) =>
      notes.map((note) => `coldgate/packages/${bench.package(note).sha256}.zip`).sort();
    const { containers } = bench.azure.accounts.find('coldgatetest')!;
    const packages = () =>
      [...containers.values()].flatMap(({ blobs }) => [...blobs.keys()]).filter((one) => /zip$/.test(one));
    expect(packages().sort()).toEqual(kept('of the candidate', 'second', 'third'));
    await target.remove({ name: functionName }, 'candidates');
    expect(packages().sort()).toEqual(kept('second', 'third'));
  });

  it('is taken back by one swap, in another run too', async () => {
    const to = (await (await bench.target()).route(live())).revision;
    const from = (await (await bench.target()).route(live('second'))).revision;
    changes();
    const restored = await (await bench.target()).restore(live(), { from, to });
    expect(restored).toMatchObject({ changed: true, revision: to });
    expect(changes()).toEqual(['webApps_swapSlot']);
  });

  it('swaps nothing back that is no longer in the slot, and publishes it again', async () => {
    const target = await bench.target();
    const to = (await target.route(live())).revision;
    const from = (await target.route(live('second'))).revision;
    slot()!.settings.set('COLDGATE_REVISION', 'by-hand');
    changes();
    expect(await target.restore(live(), { from, to })).toMatchObject({ revision: { id: to.id } });
    expect(changes()).toContain('webApps_updateApplicationSettingsSlot');
    expect(bench.live!.settings.get('COLDGATE_REVISION')).toBe(to.id);
  });

  it('never swaps twice for a lost answer', async () => {
    const target = await bench.target();
    await target.route(live());
    changes();
    let swaps = 0;
    bench.azure.context.fault = ({ method }) => (method === 'webApps_swapSlot' && swaps++ === 0 ? 'lost' : undefined);
    const { revision } = await target.route(live('second'));
    expect(swaps).toBe(1);
    expect(bench.live!.settings.get('COLDGATE_REVISION')).toBe(revision.id);
  });

  it('leaves what is live where the slot cannot be swapped', async () => {
    const target = await bench.target();
    const { revision } = await target.route(live());
    bench.azure.context.fault = ({ method }) =>
      method === 'webApps_swapSlot' ? refused(409, 'Conflict', 'Cannot swap site slots.') : undefined;
    await expect(target.route(live('second'))).rejects.toMatchObject({ code: 'not-ready', exit: 7 });
    expect((await target.describe(bench.settings)).live).toEqual(revision);
  });

  it('starts an app again whose roles count late', async () => {
    bench.azure.knobs.roleLag = 1;
    const { changed } = await (await bench.target()).route(live());
    bench.azure.knobs.roleLag = 0;
    expect(changed).toBe(true);
    expect(changes()).toContain('webApps_restart');
  });

  it('moves no function from one kind of plan to the other', async () => {
    await (await bench.target()).route(live());
    const flex = await bench.target({ plan: 'flex-consumption' });
    await expect(flex.route(live())).rejects.toMatchObject({ code: 'other-plan', exit: 2 });
  });

  it('says which right is missing where it cannot write a package', async () => {
    const action = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write';
    bench.azure.deny(action);
    await expect((await bench.target()).route(live())).rejects.toMatchObject({ code: 'permission-denied', exit: 8 });
    bench.azure.context.iam.denied.delete(action);
  });
});
