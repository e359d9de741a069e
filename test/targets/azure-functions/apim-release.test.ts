import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Target } from '../../../src/rollout/target.ts';
import { type ApimService, apimApi, openGateway, serviceName } from '../../azure/apim/open.ts';
import { AzureBench, functionName } from '../../azure/target-bench.ts';

const key = 'key-of-a-caller-of-all-apis';
const gateway = (more: Record<string, unknown> = {}) => ({
  gateway: { service: serviceName, path: 'digits', ...more },
});

/* The driver with real processes behind API Management: what a release, its way back and its end do to callers. */
describe('a function on Azure behind API Management', () => {
  let bench: AzureBench;
  let service: ApimService;
  let target: Target;

  beforeAll(async () => {
    const { api, made } = apimApi();
    bench = await AzureBench.open({ apis: [api], knobs: { looks: 0 } });
    service = made();
    await openGateway(bench.azure, service);
    target = await bench.target(gateway());
  });
  beforeEach(async () => {
    await target.remove(bench.settings, 'all');
    service.state.subscriptions.clear();
    service.state.subscriptions.set('caller', { scope: '/apis', state: 'active', properties: {}, keys: [key, key] });
    bench.store.point('1.0.0');
    bench.azure.calls();
  });
  afterAll(async () => {
    await target.remove(bench.settings, 'all');
    const left = [...bench.leftovers(), ...service.state.inventory().filter((one) => one !== 'subscription caller')];
    await bench.close();
    expect(left).toEqual([]);
  });

  const address = () => `${service.state.gatewayUrl}/digits`;
  const served = async (url: string) => {
    const headers = { 'ocp-apim-subscription-key': key };
    const answer = await fetch(`${url}/v1/health?warm=true`, { headers });
    const body = (await answer.json()) as { model?: { version: string }; revision?: string };
    return { status: answer.status, version: body.model?.version, revision: body.revision };
  };
  const writes = () =>
    bench.azure
      .calls()
      .filter(({ mutating }) => mutating)
      .map(({ method }) => method);
  const current = () => service.state.find(functionName)?.revision.number;
  /** A release of what is live, without a gate. */
  const release = async (at: 0 | 1 = 0, from = bench.package()) => {
    const candidate = await target.deploy(bench.request('candidate', at, from));
    const live = await target.route(bench.request('live', at, from));
    await target.remove(bench.settings, 'candidates');
    return { candidate, live };
  };

  it('has its candidate proven through the gateway, and gives callers one address', async () => {
    const candidate = await target.deploy(bench.request('candidate', 0));
    expect(candidate.revision.url).toMatch(new RegExp(`^${address()};rev=\\d+$`));
    expect(await served(candidate.revision.url ?? '')).toMatchObject({ status: 200, version: '1.0.0' });
    expect((await fetch(`${address()}/v1/health`, { headers: { 'ocp-apim-subscription-key': key } })).status).toBe(503);
    const live = await target.route(bench.request('live', 0));
    expect(live.revision.url).toBe(address());
    expect(await served(address())).toMatchObject({ status: 200, version: '1.0.0', revision: live.revision.id });
    await target.remove(bench.settings, 'candidates');
    expect(await target.describe(bench.settings)).toMatchObject({ live: { url: address() }, candidates: [] });
    expect(service.state.inventory().filter((one) => one.includes('-c-'))).toEqual([]);
  });

  it('is written nothing of when nothing has changed, and when only its model has', async () => {
    await release();
    const before = current();
    await target.route(bench.request('live', 0));
    writes();
    await target.route(bench.request('live', 0));
    expect(writes()).toEqual([]);
    bench.store.point('1.1.0');
    await target.route(bench.request('live', 1));
    expect(writes()).toEqual([]);
    expect([await served(address()), current()]).toMatchObject([{ version: '1.1.0' }, before]);
  });

  it('gets another package behind the same revision, and other settings of the gateway by another one', async () => {
    const { live } = await release();
    const before = current();
    const next = await target.route(bench.request('live', 0, bench.package('another build')));
    expect(next.revision.id).not.toBe(live.revision.id);
    expect([await served(address()), current()]).toMatchObject([{ revision: next.revision.id }, before]);
    const limited = await bench.target(gateway({ 'rate-limit': { calls: 1000, seconds: 60 } }));
    const planned = await limited.plan(bench.request('live', 0, bench.package('another build')));
    expect(planned.map(({ what }) => what)).toContainEqual(expect.stringContaining('give it another revision'));
    await limited.route(bench.request('live', 0, bench.package('another build')));
    expect(current()).not.toBe(before);
    expect(await served(address())).toMatchObject({ status: 200, revision: next.revision.id });
  });

  it('is set back with the revision of before, where the gateway was changed for a release', async () => {
    const { live: first } = await release();
    const before = current();
    const other = await bench.target(gateway({ timeout: 100 }));
    const second = await other.route(bench.request('live', 0, bench.package('another build')));
    expect(current()).not.toBe(before);
    const back = await other.restore(bench.request('live', 0), { from: second.revision, to: first.revision });
    expect(back?.revision.id).toBe(first.revision.id);
    expect([await served(address()), current()]).toMatchObject([{ revision: first.revision.id }, before]);
  });

  it('leaves callers with what was there when a candidate is blocked, and nothing of a first one', async () => {
    await release();
    const before = current();
    const blocked = { ...bench.request('candidate', 1), sha256: 'f'.repeat(64) };
    await expect(target.deploy(blocked)).rejects.toMatchObject({ code: 'wrong-model', exit: 7 });
    expect(service.state.inventory().filter((one) => one.includes('-c-'))).toEqual([]);
    expect([await served(address()), current()]).toMatchObject([{ version: '1.0.0' }, before]);
    await target.remove(bench.settings, 'all');
    await target.deploy(bench.request('candidate', 0));
    await target.remove(bench.settings, 'candidates');
    expect(service.state.inventory()).toEqual(['subscription caller']);
  });

  it('loses the gateway that models.yaml no longer has, and callers get the app', async () => {
    await release();
    const plain = await bench.target();
    const { revision } = await plain.route(bench.request('live', 0));
    expect(revision.url).toBe(bench.live?.servers.app.url);
    expect(service.state.inventory().filter((one) => one !== 'subscription caller')).toEqual([]);
  });

  it('names its API before it is removed, and has it removed first', async () => {
    await release();
    writes();
    const besides = await target.besides?.(bench.settings);
    expect(besides).toEqual([{ action: 'delete', what: `the API ${functionName} in API Management` }]);
    expect(writes()).toEqual([]);
    await target.remove(bench.settings, 'all');
    const gone = writes();
    expect(gone.indexOf('api_delete')).toBeLessThan(gone.indexOf('webApps_delete'));
  });

  it('is told by a plan what its tier does not have, before anything is made', async () => {
    Object.assign(service.state, { tier: 'Consumption' });
    const cached = await bench.target(gateway({ 'cache-seconds': 60 }));
    const refusal = { code: 'gateway-tier', exit: 2 };
    await expect(cached.plan(bench.request('candidate', 0))).rejects.toMatchObject(refusal);
    await expect(cached.deploy(bench.request('candidate', 0))).rejects.toMatchObject(refusal);
    expect(writes()).toEqual([]);
    Object.assign(service.state, { tier: 'Developer' });
  });
});
