import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AzureBench } from '../../azure/target-bench.ts';

const queue = {};

/** Queues and roles of the queue in front of a function on Azure. */
describe('the queue of a function on Azure', () => {
  let bench: AzureBench;
  beforeAll(async () => {
    bench = await AzureBench.open();
  });
  beforeEach(async () => {
    await (await bench.target()).remove(bench.settings, 'all');
    expect(queues()).toEqual([]);
    bench.azure.calls();
  });
  afterAll(() => bench.close());

  const route = async (more: Record<string, unknown> = {}) =>
    (await bench.target(more)).route(bench.request('live', 0));
  const queues = (): string[] => [...(bench.azure.accounts.find('coldgatetest')?.queues.keys() ?? [])];
  const writes = () =>
    bench.azure.calls().flatMap(({ method, mutating }) => (mutating && method.startsWith('queue_') ? [method] : []));
  const whole = (): string[] => [bench.live?.name ?? '', `${bench.live?.name}-poison`];
  const roles = (): string[] =>
    bench.azure.context.iam.assignments
      .filter(({ oid, roleId }) => oid === bench.live?.principal && roleId.startsWith('974c5e8b'))
      .map(({ scope }) => scope.split('/').at(-1) ?? '');

  it('is made with what is live, once, and its candidate knows of none', async () => {
    await (await bench.target({ queue })).deploy(bench.request('candidate', 0));
    const [candidate] = bench.sites('candidate');
    expect([queues(), candidate?.settings.get('COLDGATE_QUEUE')]).toEqual([[], undefined]);
    expect(await route({ queue })).toMatchObject({ changed: true });
    expect([queues(), roles()]).toEqual([whole(), whole()]);
    const uri = `${bench.azure.urlOf('QUEUES')}/coldgatetest`;
    expect(Object.fromEntries(bench.live!.settings)).toMatchObject({
      COLDGATE_QUEUE: `${uri}/${bench.live?.name}`,
      COLDGATE_QUEUE_HOST__queueServiceUri: uri,
      COLDGATE_QUEUE_HOST__credential: 'managedidentity',
      COLDGATE_QUEUE_ATTEMPTS: '5',
      AzureFunctionsJobHost__extensions__queues__maxDequeueCount: '5',
      AzureFunctionsJobHost__extensions__queues__batchSize: '1',
    });
    bench.azure.calls();
    expect(await route({ queue })).toMatchObject({ changed: false });
    expect(writes()).toEqual([]);
    expect((await (await bench.target({ queue })).describe(bench.settings)).queue).toEqual({
      ...{ waiting: 0, working: 0, dead: 0 },
    });
  });

  it('goes with the setting, its roles too, and with the function', async () => {
    await route({ queue });
    const planned = await (await bench.target({})).plan(bench.request('live', 0));
    expect(planned).toContainEqual({ action: 'update', what: `queue ${bench.live?.name}: remove it` });
    await route({});
    expect([queues(), roles(), bench.live?.settings.get('COLDGATE_QUEUE')]).toEqual([[], [], undefined]);
    await route({ queue });
    const what = `the queue ${bench.live?.name} with its messages`;
    const target = await bench.target({ queue });
    expect(await target.besides?.(bench.settings)).toContainEqual({ action: 'delete', what });
    expect(queues()).toEqual(whole());
    expect(await target.remove(bench.settings, 'all')).toContainEqual({ action: 'delete', what });
    expect(queues()).toEqual([]);
  });

  it.each([
    ['made', {}, { queue }],
    ['removed', { queue }, {}],
  ])('is %s after a run that ended at any of the calls that this takes', async (_what, before, after) => {
    const { context } = bench.azure;
    const killedAt = async (nth: number): Promise<boolean> => {
      let count = 0;
      // Until then the app itself is changed, which azure-killed.test.ts is about.
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
      const killed = await bench.target(after, { signal: stop.signal });
      await killed.route(bench.request('live', 0)).catch(() => {});
      context.fault = () => undefined;
      return count >= nth;
    };
    await route(before);
    for (let nth = 1; await killedAt(nth); nth++) {
      await route(after);
      expect([nth, queues(), roles()]).toEqual([nth, ...('queue' in after ? [whole(), whole()] : [[], []])]);
      await route(before);
    }
  });

  it('leaves a queue alone that has our name and is not ours', async () => {
    await route({});
    bench.azure.accounts.find('coldgatetest')?.queues.set(bench.live?.name ?? '', { owner: 'someone' });
    await expect(route({ queue })).rejects.toMatchObject({ code: 'foreign-queue', exit: 2 });
    bench.azure.accounts.find('coldgatetest')?.queues.clear();
    await route({ queue });
    expect(queues()).toEqual(whole());
  });

  it('is refused in words where the right to it is missing', async () => {
    await route({});
    bench.azure.deny('Microsoft.Storage/storageAccounts/queueServices/queues/write');
    await expect(route({ queue })).rejects.toMatchObject({ code: 'permission-denied', exit: 8 });
    bench.azure.allow('Microsoft.Storage/storageAccounts/queueServices/queues/write');
    await route({ queue });
    expect(queues()).toEqual(whole());
  });
});
