import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../../src/log.ts';
import { defaultKnobs } from '../../azure/knobs.ts';
import { AzureBench, functionName } from '../../azure/target-bench.ts';

/* What models.yaml may ask for, and where Azure takes its time. */
let bench: AzureBench;
beforeAll(async () => {
  bench = await AzureBench.open({ knobs: { looks: 0 } });
});
beforeEach(async () => {
  bench.azure.context.fault = () => undefined;
  Object.assign(bench.azure.knobs, defaultKnobs, { looks: 0 });
  await (await bench.target()).remove({ name: functionName }, 'all');
  bench.azure.calls();
});
afterAll(() => bench.close());

const owner = { actions: [], dataActions: ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*'] };

describe('an app', () => {
  it('with a user-assigned identity gets no roles, and knows its client id', async () => {
    const { identities, accounts, context } = bench.azure;
    const identity = identities.create('digits', 'models');
    const { oid, clientId } = identities.find(identity)!;
    context.iam.grant(oid, owner, accounts.idOf(accounts.find('coldgatetest')!));
    await (await bench.target({ identity })).deploy(bench.request('candidate', 0));
    expect(bench.azure.calls().map(({ method }) => method)).not.toContain('roleAssignments_create');
    const [site] = bench.sites();
    expect(site!.settings.get('AzureWebJobsStorage__clientId')).toBe(clientId);
    expect(site!.settings.get('AZURE_CLIENT_ID')).toBe(clientId);
  });

  it('that is live is updated as models.yaml says, and one for samples always at once', async () => {
    const target = await bench.target({ 'update-strategy': 'rolling', 'always-ready': 1 });
    await target.route(bench.request('live', 0));
    const start = await target.sample({ ...bench.request('candidate', 0), timeoutMs: 30_000 });
    expect(start).toMatchObject({ status: 'ok' });
    const config = (role: string) => bench.sites(role)[0]!.properties.functionAppConfig;
    expect(config('live')).toMatchObject({
      siteUpdateStrategy: { type: 'RollingUpdate' },
      scaleAndConcurrency: { alwaysReady: [{ name: 'http', instanceCount: 1 }] },
    });
    expect(config('sample')).toMatchObject({
      siteUpdateStrategy: { type: 'Recreate' },
      scaleAndConcurrency: { alwaysReady: [] },
    });
    bench.azure.calls();
    expect(await target.route(bench.request('live', 0))).toMatchObject({ changed: false });
    await target.endSampling?.({ name: functionName });
    expect(bench.sites('sample')).toEqual([]);
  });

  it('is replaced without a lease where the pipeline may not write blobs, with a warning', async () => {
    const warnings: string[] = [];
    const log: Logger = { ...silentLogger, warn: (text) => void warnings.push(text) };
    bench.azure.deny('Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write');
    const { context, pipeline } = bench.azure;
    const allows = context.iam.allows.bind(context.iam);
    // The apps themselves may.
    context.iam.allows = (oid, need) =>
      oid === pipeline.oid ? allows(oid, need) : need.data === true || allows(oid, need);
    const target = await bench.target({}, { log });
    await target.route(bench.request('live', 0));
    await target.route(bench.request('live', 0, bench.package('other')));
    context.iam.allows = allows;
    bench.azure.allow('Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write');
    expect(warnings.join('\n')).toMatch(/serialise runs/);
  });

  it('in a network is made where the subscription has switched that on, and nothing is made where not', async () => {
    const { context } = bench.azure;
    const subnet = `${context.groupId('models')}/providers/Microsoft.Network/virtualNetworks/acme/subnets/functions`;
    context.unregistered.add('Microsoft.App');
    await expect((await bench.target({ subnet })).deploy(bench.request('candidate', 0))).rejects.toMatchObject({
      ...{ code: 'provider-not-registered', exit: 8, data: { provider: 'Microsoft.App' } },
      hint: expect.stringContaining('az provider register --namespace Microsoft.App'),
    });
    expect([bench.leftovers(), bench.azure.calls().filter(({ mutating }) => mutating)]).toEqual([[], []]);
    bench.azure.deny('Microsoft.Resources/subscriptions/providers/read');
    await expect((await bench.target({ subnet })).deploy(bench.request('candidate', 0))).rejects.toMatchObject({
      ...{ code: 'provider-not-registered', data: { provider: 'Microsoft.App' } },
    });
    context.unregistered.delete('Microsoft.App');
    await (await bench.target({ subnet })).deploy(bench.request('candidate', 0));
    bench.azure.allow('Microsoft.Resources/subscriptions/providers/read');
    expect(bench.sites()[0]?.properties).toMatchObject({ virtualNetworkSubnetId: subnet });
  });

  it('that someone else has made is left alone', async () => {
    const target = await bench.target();
    await target.route(bench.request('live', 0));
    const { tags } = bench.live!;
    const kept = { ...tags };
    for (const name of Object.keys(tags)) delete tags[name];
    await expect(target.route(bench.request('live', 0))).rejects.toMatchObject({ code: 'foreign-function', exit: 2 });
    Object.assign(tags, kept);
  });
});

describe('a slow Azure', () => {
  it('has one end all the same', async () => {
    Object.assign(bench.azure.knobs, {
      ...{ looks: 2, pageSize: 1, readLag: 2, roleLag: 2, keysLag: 2, staleRequests: 3, unavailable: 3 },
      ...{ publishForgotten: true, publishStates: [404, 404, 0, 4], functionsLag: Number.POSITIVE_INFINITY },
    });
    const target = await bench.target();
    await target.deploy(bench.request('candidate', 1));
    await target.route(bench.request('live', 0));
    expect(await target.route(bench.request('live', 0, bench.package('other')))).toMatchObject({ changed: true });
    expect((await target.describe(bench.settings)).candidates).toHaveLength(1);
    expect(bench.azure.calls().map(({ method }) => method)).toContain('webApps_syncFunctions');
  });

  it('leaves out the round trip of a start that the process of before has delayed', async () => {
    bench.azure.knobs.staleRequests = 2;
    const target = await bench.target();
    const request = { ...bench.request('candidate', 0), timeoutMs: 30_000 };
    const starts = [await target.sample(request), await target.sample(request)];
    expect(starts).toMatchObject([{ status: 'ok' }, { status: 'ok' }]);
    expect(starts[1]!.timings).not.toHaveProperty('round_trip_ms');
    bench.azure.knobs.staleRequests = 0;
    expect((await target.sample(request)).timings.round_trip_ms).toBeGreaterThan(0);
  });
});
