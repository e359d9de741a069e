import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeployRequest, Target } from '../../../src/rollout/target.ts';
import { type ApimService, apimApi, openGateway, serviceName } from '../../azure/apim/open.ts';
import { AzureBench, functionName } from '../../azure/target-bench.ts';

const key = 'key-of-a-caller-of-all-apis';
const gateway = { service: serviceName, path: 'digits' };

/* What stands beside an app on Premium, API Management and uploads of a batch, while slots change places behind it. */
describe('a function on Premium behind API Management, with a batch', () => {
  let bench: AzureBench;
  let service: ApimService;
  let target: Target;

  beforeAll(async () => {
    const { api, made } = apimApi();
    const settings = { plan: 'premium', gateway, batch: { container: 'uploads', prefix: 'in/' } };
    bench = await AzureBench.open({ apis: [api], knobs: { looks: 0 }, settings });
    service = made();
    await openGateway(bench.azure, service);
    target = await bench.target();
  });
  beforeEach(async () => {
    await target.remove(bench.settings, 'all');
    service.state.subscriptions.set('caller', { scope: '/apis', state: 'active', properties: {}, keys: [key, key] });
    bench.azure.calls();
  });
  afterAll(() => bench.close());

  const address = () => `${service.state.gatewayUrl}/digits`;
  const served = async (url = address()) => {
    const answer = await fetch(`${url}/v1/health?warm=true`, { headers: { 'ocp-apim-subscription-key': key } });
    const { model, revision } = (await answer.json()) as { model?: { version: string }; revision?: string };
    return { status: answer.status, version: model?.version, revision };
  };
  const live = (note?: string): DeployRequest => bench.request('live', 0, bench.package(note));
  const subscriptions = () => [...bench.azure.events.subscriptions.values()];
  const candidateParts = () => service.state.inventory().filter((one) => one.includes('-c-'));
  const current = () => service.state.find(functionName)?.revision.number;
  const writes = () => bench.azure.calls().flatMap(({ method, mutating }) => (mutating ? [method] : []));

  it('is released by a swap, with the same address, API and subscription of uploads', async () => {
    const candidate = await target.deploy(bench.request('candidate', 1));
    expect(await served(candidate.revision.url)).toMatchObject({ status: 200, version: '1.1.0' });
    await target.route(live());
    await target.remove(bench.settings, 'candidates');
    const [before, [uploads]] = [current(), subscriptions()];
    writes();
    const { revision } = await target.route(live('second'));
    expect(revision.url).toBe(address());
    expect(await served()).toMatchObject({ status: 200, version: '1.0.0', revision: revision.id });
    expect([current(), subscriptions(), candidateParts()]).toEqual([before, [uploads], []]);
    const written = writes();
    expect(written).toContain('webApps_swapSlot');
    expect(written.filter((one) => /^(api|backend|namedValue|eventSubscriptions)_/.test(one))).toEqual([]);
    const uploadKey = bench.azure.web.keys.of(bench.live!).functionKeys['uploads'] ?? '';
    expect(uploads?.endpointUrl).toContain(encodeURIComponent(uploadKey));
    expect(await target.route(live('second'))).toMatchObject({ changed: false });
    expect(writes()).toEqual([]);
  });

  it('goes on as it was where a candidate, or what is to be live, is blocked', async () => {
    const { revision } = await target.route(live());
    const wrong = { ...bench.request('candidate', 1), sha256: 'f'.repeat(64) };
    await expect(target.deploy(wrong)).rejects.toMatchObject({ code: 'wrong-model', exit: 7 });
    const faulty = (fault: string) => {
      const handlerVariables = { ...bench.settings.handlerVariables, FAKE: fault };
      return { ...bench.settings, handlerVariables };
    };
    const unloadable = { ...bench.request('candidate', 1), settings: faulty('not-loadable') };
    await expect(target.deploy(unloadable)).rejects.toMatchObject({ code: 'not-ready', exit: 7 });
    const broken = { ...live('second'), settings: faulty('wrong-output') };
    await expect(target.route(broken)).rejects.toMatchObject({ code: 'sample-mismatch', exit: 7 });
    expect(await served()).toMatchObject({ status: 200, revision: revision.id });
    expect([candidateParts(), bench.sites('next'), subscriptions().length]).toEqual([[], [], 1]);
  });

  it('is set back by a swap, and with the revision of the API that was released before', async () => {
    const to = (await target.route(live())).revision;
    const before = current();
    const other = await bench.target({ gateway: { ...gateway, timeout: 100 } });
    const from = (await other.route(live('second'))).revision;
    expect(current()).not.toBe(before);
    writes();
    expect(await other.restore(live(), { from, to })).toMatchObject({ changed: true, revision: { id: to.id } });
    expect([await served(), current()]).toMatchObject([{ status: 200, revision: to.id }, before]);
    expect(writes()).toContain('webApps_swapSlot');
    expect(subscriptions()).toHaveLength(1);
  });

  it('is removed with slot, API and subscription, each of which is named', async () => {
    await target.deploy(bench.request('candidate', 1));
    await target.route(live());
    await target.route(live('second'));
    const removed = (await target.remove(bench.settings, 'all')).map(({ what }) => what).join('\n');
    expect(removed).toMatch(/API digits-production.*\n[\s\S]*Event Grid subscription/);
    expect([bench.leftovers(), subscriptions()]).toEqual([[], []]);
    expect(service.state.inventory().filter((one) => one !== 'subscription caller')).toEqual([]);
  });
});
