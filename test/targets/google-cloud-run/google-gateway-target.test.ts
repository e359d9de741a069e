import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/log.ts';
import type { PackageFile } from '../../../src/package/package-file.ts';
import { denied } from '../../google/api-error.ts';
import { type Gateways, gatewaySurfaces } from '../../google/gateway/open.ts';
import { CloudRunBench, serviceName } from '../../google/target-bench.ts';

const account = 'gateway@coldgate-test.iam.gserviceaccount.com';
const open = { gateway: { auth: 'none', 'service-account': account } };
const jwt = { auth: 'jwt', jwt: { issuer: 'https://login.example/', audience: ['digits'] } };
const guarded = { gateway: { ...jwt, 'service-account': account } };

/** Releases to a service behind a gateway, with real processes behind the real proxy of the stand-in. */
describe('the google-cloud-run target with a gateway', () => {
  let bench: CloudRunBench;
  let gateways: Gateways;
  let one: PackageFile;
  let two: PackageFile;
  const gateway = () =>
    gateways.state.gateways.get(`projects/coldgate-test/locations/europe-west1/gateways/${serviceName}`);
  const calls = () => {
    const ours = bench.google.calls().filter(({ method }) => /^(?:run|apigateway|serviceusage)\./.test(method));
    const named = (mutating: boolean) => ours.filter((one) => one.mutating === mutating).map(({ method }) => method);
    return { reading: named(false), mutating: named(true) };
  };
  const mark = () => bench.service?.spec.annotations?.['coldgate.dev/gateways'];

  beforeAll(async () => {
    const { surfaces, made } = gatewaySurfaces();
    bench = await CloudRunBench.open({ surfaces, knobs: { looks: 0 } });
    gateways = made();
    [one, two] = [await bench.package('one'), await bench.package('two')];
    bench.google.context.iam.grant(account, ['run.routes.invoke'], '*', 0);
  });
  afterAll(async () => {
    await gateways.edge.closeAll();
    await bench.close();
  });

  it('makes it with the first release, proves the function through it, and gives callers its address', async () => {
    const target = await bench.target(open);
    const { revision, changed } = await target.route(await bench.request('live', 0, one));
    expect([changed, revision.url]).toEqual([true, `http://${gateway()?.hostname}`]);
    const answer = await fetch(`${revision.url}/v1/health?warm=true`);
    expect(await answer.json()).toMatchObject({ model: { version: '1.0.0' } });
    const { live } = await target.describe({ name: serviceName });
    expect(live?.url).toBe(revision.url);
    expect((await target.reach({ name: serviceName }, revision).send('/v1/health', { timeoutMs: 60_000 })).status).toBe(
      200,
    );
  });

  it('reads three times and writes nothing when all is as it was', async () => {
    const request = await bench.request('live', 0, one);
    const target = await bench.target(open);
    calls();
    expect(await target.route(request)).toMatchObject({ changed: false });
    const { reading, mutating } = calls();
    expect(mutating).toEqual([]);
    expect(reading).toHaveLength(3);
  });

  it('leaves the gateway as it is for another package, and candidates have an address of their own', async () => {
    const target = await bench.target(open);
    const candidate = await target.deploy(await bench.request('candidate', 1, two));
    expect(candidate.revision.url).not.toBe(`http://${gateway()?.hostname}`);
    calls();
    const routed = await target.route(await bench.request('live', 0, two));
    expect(routed).toMatchObject({ changed: true, revision: { url: `http://${gateway()?.hostname}` } });
    expect(calls().mutating.filter((method) => method.startsWith('apigateway.'))).toEqual([]);
    await target.remove({ name: serviceName }, 'candidates');
  });

  it('asks callers for a token, is proven by turning others away, and goes on under its address', async () => {
    const { hostname } = gateway() ?? { hostname: '' };
    const target = await bench.target(guarded);
    const routed = await target.route(await bench.request('live', 0, two));
    expect(routed).toMatchObject({ changed: true, revision: { url: `http://${hostname}` } });
    expect((await fetch(`http://${hostname}/v1/health`)).status).toBe(401);
  });

  it('plans what it would do with the gateway, without doing it', async () => {
    const request = await bench.request('live', 0, two);
    const plan = async (more?: Record<string, unknown>) =>
      (await (await bench.target(more)).plan(request)).map(({ action, what }) => `${action} ${what}`);
    calls();
    expect((await plan(guarded)).join()).toMatch(/^none /);
    expect(await plan(open)).toEqual([`update gateway ${serviceName}: give it another config`]);
    expect(await plan()).toEqual([`update gateway ${serviceName}: remove it`]);
    expect(await plan({ gateway: { ...jwt, name: 'other-name' } })).toEqual([
      'update gateway other-name: create it',
      `update gateway ${serviceName}: remove it`,
    ]);
    expect(calls().mutating).toEqual([]);
  });

  it('is served on, and spoken of, where the pipeline may not remove what the settings no longer have', async () => {
    const request = await bench.request('live', 0, two);
    bench.google.context.fault = ({ method }) =>
      method.endsWith('gateways.delete') ? denied('apigateway.gateways.delete', 'projects/coldgate-test') : undefined;
    const reported: string[] = [];
    const target = await bench.target({}, { log: { ...silentLogger, warn: (text) => void reported.push(text) } });
    const routed = await target.route(request);
    bench.google.context.fault = () => undefined;
    expect(routed.revision.url).toBe(bench.service?.uri);
    expect(reported.join()).toMatch(
      /gateway digits-production, which models.yaml no longer has.*apigateway.gateways.delete/,
    );
    expect(mark()).toBe(serviceName);
  });

  it('removes it when the settings no longer have it, or give it another name', async () => {
    const request = await bench.request('live', 0, two);
    const renamed = { gateway: { ...open.gateway, name: 'other-name' } };
    await (await bench.target(renamed)).route(request);
    expect([...gateways.state.gateways.keys()].map((name) => name.split('/').at(-1))).toEqual(['other-name']);
    expect(mark()).toBe('other-name');
    const plain = await (await bench.target()).route(request);
    expect(gateways.state.inventory()).toEqual([]);
    expect([mark(), plain.revision.url]).toEqual(['', bench.service?.uri]);
    calls();
    expect(await (await bench.target()).route(request)).toMatchObject({ changed: false });
    expect(calls().reading).toHaveLength(2);
  });

  it('is removed with the function, before it, and where the function is gone already', async () => {
    const target = await bench.target(open);
    const request = await bench.request('live', 0, two);
    await target.route(request);
    calls();
    await target.remove({ name: serviceName }, 'all');
    expect(calls().mutating.map((method) => method.split('.').slice(-2).join('.'))).toEqual([
      ...['gateways.delete', 'configs.delete', 'apis.delete', 'services.delete'],
    ]);
    gateways.state.usedUp.clear();
    await target.route(request);
    await (await bench.target()).remove({ name: serviceName }, 'all');
    expect(gateways.state.inventory()).toEqual([]);
    gateways.state.usedUp.clear();
    await target.route(request);
    bench.google.run.services.clear();
    await target.remove({ name: serviceName }, 'all');
    expect(gateways.state.inventory()).toEqual([]);
  });
});
