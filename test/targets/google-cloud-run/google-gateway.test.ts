import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureGateway } from '../../../src/targets/google-cloud-run/gateway.ts';
import { removeGateway } from '../../../src/targets/google-cloud-run/gateway-remove.ts';
import { functionName, GatewayHarness } from '../../google/gateway/harness.ts';

/** API, config and gateway of a function on the stand-in, from nothing to nothing. */
describe('the gateway of a function on Cloud Run', () => {
  let harness: GatewayHarness;
  const configs = () => [...harness.project.state.configs.keys()].map((name) => name.split('/').at(-1));
  beforeAll(async () => {
    harness = await GatewayHarness.open();
  });
  beforeEach(async () => {
    await harness.remove();
    harness.project.state.usedUp.clear();
    harness.project.state.overlaps.splice(0);
    harness.seen.splice(0);
    harness.take();
  });
  afterAll(() => harness.close());

  it('is made one after another, and passes calls to the function as its own account', async () => {
    const { url, changed } = await harness.ensure();
    expect(changed).toBe(true);
    expect(harness.take().mutating).toEqual(['apis.create', 'configs.create', 'gateways.create']);
    const answer = await fetch(`${url}/v1/models/digits/infer?output=y`, {
      ...{ method: 'POST', body: '{}' },
      headers: { authorization: 'Bearer of-the-caller' },
    });
    expect(await answer.json()).toEqual({ status: 'ok', path: '/v1/models/digits/infer?output=y' });
    expect(harness.seen.at(-1)?.headers).toMatchObject({ 'x-forwarded-authorization': 'Bearer of-the-caller' });
    expect((await fetch(`${url}/other`)).status).toBe(404);
    expect((await fetch(`${url}/v1/infer`)).status).toBe(405);
  });

  it('is one read when nothing has changed', async () => {
    await harness.ensure();
    harness.take();
    expect(await harness.ensure()).toMatchObject({ changed: false });
    expect(harness.take()).toEqual({ reading: ['gateways.get'], mutating: [] });
  });

  it('keeps its address over another config, which serves from its first proven answer on', async () => {
    const { url } = await harness.ensure();
    harness.take();
    harness.project.edge.lag = 5;
    const next = await harness.ensure({ deadline: 30 });
    harness.project.edge.lag = 0;
    expect(next).toEqual({ url, changed: true });
    expect(harness.take().mutating).toEqual(['configs.create', 'gateways.patch']);
    const { probe } = harness.wanted({ deadline: 30 });
    expect((await fetch(`${url}${probe}`)).status).toBe(200);
  });

  it('goes back to a config that is still there without making it again', async () => {
    await harness.ensure();
    await harness.ensure({ deadline: 30 });
    harness.take();
    await harness.ensure();
    expect(harness.take().mutating).toEqual(['gateways.patch']);
  });

  it('keeps two configs beside the one that is served', async () => {
    for (const deadline of [10, 20, 30, 40, 50]) await harness.ensure({ deadline });
    const kept = [50, 40, 30].map((deadline) => harness.wanted({ deadline }).configId);
    expect(configs().sort()).toEqual(kept.sort());
  });

  it('makes room where the API has as many configs as it can have, and removes none that a gateway serves', async () => {
    const { state } = harness.project;
    await harness.ensure({ deadline: 10 });
    await harness.ensure({ deadline: 20 });
    state.limits.configs = 2;
    await harness.ensure({ deadline: 30 });
    expect(configs().sort()).toEqual([20, 30].map((deadline) => harness.wanted({ deadline }).configId).sort());
    state.limits.configs = 100;
  });

  it('changes labels of the gateway alone', async () => {
    const { names } = harness.wanted();
    await harness.ensure();
    harness.take();
    const labelled = harness.wanted({}, [], { labels: { team: 'a' } });
    await ensureGateway(harness.access(), labelled, { recheck: false });
    expect(harness.take().mutating).toEqual(['gateways.patch']);
    expect(harness.project.state.gateways.get(names.gateway)?.labels).toEqual({ team: 'a', coldgate: functionName });
  });

  it('is removed in the order in which one part holds another, and again without a change', async () => {
    await harness.ensure();
    await harness.ensure({ deadline: 30 });
    harness.take();
    const changes = await harness.remove();
    expect(changes.map(({ what }) => what)).toEqual([
      expect.stringContaining(`the gateway ${functionName}`),
      `the API ${functionName}`,
    ]);
    expect(harness.take().mutating).toEqual(['gateways.delete', 'configs.delete', 'configs.delete', 'apis.delete']);
    expect(harness.project.state.inventory()).toEqual([]);
    expect(await harness.remove()).toEqual([]);
    expect(harness.take().mutating).toEqual([]);
  });

  it('is made again after that, under another id of the config where the first is not free', async () => {
    await harness.ensure();
    await harness.remove();
    await harness.ensure();
    expect(configs()).toEqual([`${harness.wanted().configId}-2`]);
    expect(await harness.ensure()).toMatchObject({ changed: false });
  });

  it('leaves an API whose configs the gateway of another region serves', async () => {
    await harness.ensure();
    const other = harness.wanted({ deadline: 40 }, [], { region: 'europe-west4' });
    await ensureGateway(harness.access(), other, { recheck: false });
    await harness.remove();
    expect(configs()).toEqual([other.configId]);
    await removeGateway(harness.access(), other.names, functionName);
    expect(harness.project.state.inventory()).toEqual([]);
  });
});
