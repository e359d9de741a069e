import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/log.ts';
import { AzureBench, functionName } from '../../azure/target-bench.ts';

/* What a release asks of Azure, and what it leaves alone. */
let bench: AzureBench;
beforeAll(async () => {
  bench = await AzureBench.open({ knobs: { looks: 0 } });
});
beforeEach(async () => {
  await (await bench.target()).remove({ name: functionName }, 'all');
  bench.store.point('1.0.0');
  bench.azure.calls();
});
afterAll(() => bench.close());

/** Calls since the last time that change something, but for leases. */
const changes = (): string[] =>
  bench.azure
    .calls()
    .flatMap(({ method, mutating }) => (mutating && !method.startsWith('blobs_lease') ? [method] : []));

describe('a release to Azure', () => {
  it('writes nothing where nothing has changed', async () => {
    const target = await bench.target();
    await target.deploy(bench.request('candidate', 1));
    await target.route(bench.request('live', 0));
    bench.azure.calls();
    const again = await bench.target();
    expect(await again.deploy(bench.request('candidate', 1))).toMatchObject({ changed: false });
    expect(await again.route(bench.request('live', 0))).toMatchObject({ changed: false });
    expect(bench.azure.calls().filter(({ mutating }) => mutating)).toEqual([]);
  });

  it('follows a promotion of a model without any change', async () => {
    const target = await bench.target();
    const { revision } = await target.route(bench.request('live', 0));
    bench.azure.calls();
    bench.store.point('1.1.0');
    expect(await target.route(bench.request('live', 1))).toMatchObject({ changed: false, revision });
    expect(changes()).toEqual([]);
  });

  it('updates the live app once for settings, and twice for a package', async () => {
    const target = await bench.target();
    await target.route(bench.request('live', 0));
    const { updates } = bench.live!;
    const handlerVariables = { ...bench.settings.handlerVariables, COLDGATE_THREADS: '1' };
    const settings = { ...bench.settings, handlerVariables };
    await target.route({ ...bench.request('live', 0), settings });
    expect(bench.live!.updates - updates).toBe(1);
    await target.route({ ...bench.request('live', 0, bench.package('other')), settings });
    expect(bench.live!.updates - updates).toBe(3);
    expect(bench.live!.settings.get('COLDGATE_THREADS')).toBe('1');
  });

  it('keeps the settings and tags of others, and takes its own away', async () => {
    const target = await bench.target({ 'app-settings': { GONE: '1' } });
    await target.route(bench.request('live', 0));
    bench.live!.settings.set('THEIRS', 'kept');
    Object.assign(bench.live!.tags, { team: 'vision' });
    const other = await bench.target({ 'app-settings': { MORE: '2' }, 'maximum-instances': 7 });
    await other.route(bench.request('live', 0));
    expect(Object.fromEntries(bench.live!.settings)).toMatchObject({ THEIRS: 'kept', MORE: '2' });
    expect(bench.live!.settings.has('GONE')).toBe(false);
    expect(bench.live!.tags).toMatchObject({ team: 'vision', 'coldgate-role': 'live' });
    expect(bench.live!.properties.functionAppConfig?.scaleAndConcurrency?.maximumInstanceCount).toBe(7);
  });

  it('sets package and settings of before back where the new ones do not prove themselves', async () => {
    const target = await bench.target();
    const { revision } = await target.route(bench.request('live', 0));
    const before = Object.fromEntries(bench.live!.settings);
    const broken = {
      ...bench.settings,
      handlerVariables: { ...bench.settings.handlerVariables, FAKE: 'wrong-output' },
    };
    const request = { ...bench.request('live', 0, bench.package('broken')), settings: broken };
    await expect(target.route(request)).rejects.toMatchObject({ code: 'sample-mismatch', exit: 7 });
    expect(Object.fromEntries(bench.live!.settings)).toEqual(before);
    expect(await target.describe(bench.settings)).toMatchObject({ live: revision });
    expect(await target.route(bench.request('live', 0))).toMatchObject({ changed: false });
  });

  it('waits for another run that changes the app, and goes on from there', async () => {
    const [one, two] = [await bench.target(), await bench.target()];
    await one.route(bench.request('live', 0));
    const both = await Promise.all([
      one.route(bench.request('live', 0, bench.package('one'))),
      two.route(bench.request('live', 0, bench.package('two'))),
    ]);
    const live = (await one.describe(bench.settings)).live;
    expect(both.map(({ revision }) => revision.packageSha256)).toContain(live?.packageSha256);
  });

  it('waits for nothing any more once it is proven: a watch sees what callers get', async () => {
    const target = await bench.target();
    const { revision } = await target.route(bench.request('live', 0));
    bench.azure.knobs.unavailable = 1;
    bench.azure.web.update(bench.live!);
    bench.azure.knobs.unavailable = 0;
    const { send } = target.reach(bench.settings, revision);
    const look = async () =>
      (await send('/v1/health', { timeoutMs: 30_000, signal: AbortSignal.timeout(60_000) })).status;
    expect([await look(), await look()]).toEqual([503, 200]);
  });

  it('says what an update costs', async () => {
    const target = await bench.target();
    await target.route(bench.request('live', 0));
    const [change] = await target.plan(bench.request('live', 0, bench.package('other')));
    expect(change).toMatchObject({ action: 'update', what: expect.stringContaining('requests in flight') });
    const wider = await bench.target({ 'maximum-instances': 7 });
    expect(await wider.plan(bench.request('live', 0))).toMatchObject([
      { action: 'update', what: expect.stringContaining('maximumInstanceCount') },
    ]);
  });

  it('masks the key of an app, and reads it once', async () => {
    const masked: string[] = [];
    const target = await bench.target({}, { log: { ...silentLogger, mask: (one) => void masked.push(one) } });
    await target.route(bench.request('live', 0));
    await target.route(bench.request('live', 0));
    expect(masked).toEqual([bench.azure.web.keys.of(bench.live!).functionKeys['coldgate']]);
    expect(bench.azure.calls().filter(({ method }) => method === 'webApps_listHostKeys')).toHaveLength(1);
  });

  it('has CORS on the platform where a key is asked for, and in the function where none is', async () => {
    const handlerVariables = { ...bench.settings.handlerVariables, COLDGATE_CORS: 'https://app.example' };
    const request = { ...bench.request('live', 0), settings: { ...bench.settings, handlerVariables } };
    await (await bench.target()).route(request);
    expect(bench.live!.properties.siteConfig?.cors).toMatchObject({ allowedOrigins: ['https://app.example'] });
    expect(bench.live!.settings.has('COLDGATE_CORS')).toBe(false);
    await (await bench.target({ auth: 'anonymous' })).route(request);
    expect(bench.live!.properties.siteConfig?.cors).toMatchObject({ allowedOrigins: [] });
    expect(bench.live!.settings.get('COLDGATE_CORS')).toBe('https://app.example');
  });

  it('takes the newest Node that the region has', async () => {
    bench.azure.knobs.nodeVersions = ['22'];
    await (await bench.target()).deploy(bench.request('candidate', 0));
    expect(bench.sites()[0]!.properties.functionAppConfig?.runtime).toEqual({ name: 'node', version: '22' });
    bench.azure.knobs.nodeVersions = ['22', '24'];
  });

  it('gives an app its version of Node back, before anything is published to it', async () => {
    const target = await bench.target();
    await target.route(bench.request('live', 0));
    await target.deploy(bench.request('candidate', 1));
    for (const site of bench.sites()) site.properties.functionAppConfig!.runtime = { name: 'node', version: '20' };
    bench.azure.calls();
    const later = await bench.target();
    expect(await later.plan(bench.request('live', 0))).toMatchObject([{ action: 'create' }]);
    expect(await later.route(bench.request('live', 0))).toMatchObject({ changed: true });
    expect(await later.deploy(bench.request('candidate', 1))).toMatchObject({ changed: true });
    expect(bench.sites().map(({ properties }) => properties.functionAppConfig?.runtime?.version)).toEqual(['24', '24']);
    expect(await later.route(bench.request('live', 0))).toMatchObject({ changed: false });
  });
});
