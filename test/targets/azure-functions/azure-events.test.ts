import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AzureBench } from '../../azure/target-bench.ts';

const batch = { container: 'uploads', prefix: 'in/' };

/** The Event Grid subscription by which a live app on Azure is told of files for its batch. */
describe('uploads to a container of the batch', () => {
  let bench: AzureBench;
  beforeAll(async () => {
    bench = await AzureBench.open({ accounts: ['coldgatetest', 'elsewhere'] });
  });
  beforeEach(async () => {
    const { events } = bench.azure;
    events.unheard = 0;
    await (await bench.target()).remove(bench.settings, 'all');
    expect([...events.subscriptions.keys()]).toEqual([]);
    bench.azure.calls();
  });
  afterAll(() => bench.close());

  const route = async (more: Record<string, unknown> = {}) =>
    (await bench.target(more)).route(await bench.request('live', 0));
  const subscriptions = () =>
    [...bench.azure.events.subscriptions.keys()].map((id) => id.split('/storageaccounts/')[1]?.replace(/\/.*\//, '/'));
  const writes = () => bench.azure.calls().flatMap(({ method, mutating }) => (mutating ? [method] : []));
  const ofEvents = () => writes().filter((method) => method.startsWith('eventSubscriptions_'));

  it('are told of by a subscription to the live app with a key of its own, made with what is live and once', async () => {
    await (await bench.target({ batch })).deploy(bench.request('candidate', 0));
    expect(subscriptions()).toEqual([]);
    expect(await route({ batch })).toMatchObject({ changed: true });
    const [made] = bench.azure.events.subscriptions.values();
    const { name = '', servers } = bench.live!;
    expect(subscriptions()).toEqual([expect.stringMatching(new RegExp(`^coldgatetest/${name}-[0-9a-f]{8}$`))]);
    const key = bench.azure.web.keys.of(bench.live!).functionKeys['uploads'] ?? '';
    expect(made).toMatchObject({
      state: 'Succeeded',
      endpointUrl: `${servers.app.url}/coldgate/uploads?code=${encodeURIComponent(key)}`,
      filter: {
        subjectBeginsWith: '/blobServices/default/containers/uploads/blobs/in/',
        subjectEndsWith: '.jsonl',
        includedEventTypes: ['Microsoft.Storage.BlobCreated'],
      },
      labels: ['coldgate', 'digits-production'],
    });
    bench.azure.calls();
    expect(await route({ batch })).toMatchObject({ changed: false });
    expect(writes()).toEqual([]);
  });

  it('go by another subscription before the one of before goes, and by none without the setting', async () => {
    await route({ batch });
    const [before] = subscriptions();
    const other = { batch: { container: 'uploads', 'storage-account': 'elsewhere' } };
    const planned = await (await bench.target(other)).plan(bench.request('live', 0));
    expect(planned).toContainEqual({ action: 'update', what: expect.stringContaining(`${before}: remove it`) });
    bench.azure.calls();
    await route(other);
    expect(subscriptions()).toEqual([expect.stringMatching(/^elsewhere\//)]);
    expect(ofEvents()).toEqual(['eventSubscriptions_createOrUpdate', 'eventSubscriptions_delete']);
    const target = await bench.target(other);
    expect(await target.plan(bench.request('live', 0))).not.toContainEqual(
      expect.objectContaining({ what: expect.stringContaining('event subscription') }),
    );
    await route({});
    expect(subscriptions()).toEqual([]);
  });

  it('are told of no more once the function is removed', async () => {
    await route({ batch });
    const [place] = subscriptions();
    const removed = { action: 'delete', what: `the Event Grid subscription ${place}` };
    expect(await (await bench.target({ batch })).remove(bench.settings, 'all')).toContainEqual(removed);
    expect(subscriptions()).toEqual([]);
  });

  it('are told of again after a run that ended at any of the calls that this takes', async () => {
    const { context, events } = bench.azure;
    const killedAt = async (nth: number, more: Record<string, unknown>): Promise<boolean> => {
      let count = 0;
      // Until then the app itself is changed, which test/targets/azure-functions/azure-killed.test.ts is about.
      let isChanged = false;
      const stop = new AbortController();
      context.fault = ({ method, mutating }) => {
        if (stop.signal.aborted) return 'unheard';
        if (!isChanged || !mutating || ++count !== nth) {
          isChanged ||= method === 'blobs_lease_release';
          return undefined;
        }
        stop.abort(new Error('killed'));
        return 'lost';
      };
      const killed = await bench.target(more, { signal: stop.signal });
      await killed.route(bench.request('live', 0)).catch(() => {});
      context.fault = () => undefined;
      return count >= nth;
    };
    const [first, second] = [{ batch }, { batch: { ...batch, 'storage-account': 'elsewhere' } }];
    await route(first);
    let calls = 0;
    // There and back again: what was begun and what was to go are the other way round each time.
    for (let nth = 1; await killedAt(nth, nth % 2 === 1 ? second : first); nth++) {
      calls = nth;
      const [more, place] = nth % 2 === 1 ? [second, /^elsewhere\//] : [first, /^coldgatetest\//];
      await route(more);
      expect([nth, subscriptions()]).toEqual([nth, [expect.stringMatching(place)]]);
      expect([...events.subscriptions.values()]).toMatchObject([{ state: 'Succeeded' }]);
    }
    expect(calls).toBe(4);
  });

  it('are asked for again where the app did not answer in time, and are given up in words', async () => {
    await route({});
    const { events } = bench.azure;
    events.unheard = 2;
    await route({ batch });
    expect([...events.subscriptions.values()]).toMatchObject([{ state: 'Succeeded' }]);
    await route({});
    events.unheard = 99;
    await expect(route({ batch })).rejects.toMatchObject({ code: 'uploads-unanswered', exit: 2 });
    events.unheard = 0;
    await route({ batch });
    expect([...events.subscriptions.values()]).toMatchObject([{ state: 'Succeeded' }]);
  });

  it('leave a subscription alone that has our name and is of others', async () => {
    await route({ batch });
    const [[id, made] = []] = bench.azure.events.subscriptions;
    await route({});
    bench.azure.events.subscriptions.set(id!, {
      ...made!,
      labels: ['theirs'],
      state: 'Succeeded',
      becomes: 'Succeeded',
    });
    await expect(route({ batch })).rejects.toMatchObject({ code: 'foreign-subscription', exit: 2 });
    expect(bench.azure.events.subscriptions.get(id!)).toMatchObject({ labels: ['theirs'] });
    bench.azure.events.subscriptions.delete(id!);
  });

  it('are refused in words where something is missing', async () => {
    await route({});
    const nowhere = { container: 'uploads', 'storage-account': 'nowhere' };
    await expect(route({ batch: nowhere })).rejects.toMatchObject({ code: 'request-refused', exit: 2 });
    await route({});
    bench.azure.deny('Microsoft.EventGrid/eventSubscriptions/write');
    const denial = {
      code: 'permission-denied',
      exit: 8,
      data: { action: 'Microsoft.EventGrid/eventSubscriptions/write' },
    };
    await expect(route({ batch })).rejects.toMatchObject(denial);
    bench.azure.allow('Microsoft.EventGrid/eventSubscriptions/write');
    bench.azure.context.unregistered.add('Microsoft.EventGrid');
    const off = { code: 'provider-not-registered', exit: 8, data: { provider: 'Microsoft.EventGrid' } };
    await expect(route({ batch })).rejects.toMatchObject(off);
    bench.azure.context.unregistered.clear();
    await route({ batch });
    expect(subscriptions()).toHaveLength(1);
  });
});
