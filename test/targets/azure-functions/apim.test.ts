import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { plannedRevision } from '../../../src/targets/azure-functions/apim.ts';
import { restoreFormer } from '../../../src/targets/azure-functions/apim-restore.ts';
import { ApimHarness, functionName } from '../../azure/apim/harness.ts';

let harness: ApimHarness;
let restore: () => void;
beforeAll(async () => {
  harness = await ApimHarness.open();
  harness.state.products.set('starter', new Set());
  harness.state.products.set('gold', new Set());
  restore = harness.state.snapshot();
});
beforeEach(() => {
  restore();
  Object.assign(harness.state, { tier: 'Developer' });
  Object.assign(harness.live, { status: 200 });
  harness.azure.context.onDone = () => {};
  harness.take();
  harness.seen.splice(0);
});
afterAll(() => harness.close());

const ask = async (url: string, path = '/v1/health', headers: Record<string, string> = {}) => {
  const answer = await fetch(`${url}${path}`, { headers });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    app: text.includes('"live"') ? 'live' : text.includes('"candidate"') ? 'candidate' : text,
  };
};
const current = () => harness.state.find(functionName)?.revision;

describe('the first release through API Management', () => {
  it('makes key, backend, API, revision and policy, in the order in which one names another, then gives them to callers', async () => {
    Object.assign(harness.azure.knobs, { looks: 2 });
    const { url, revision, former } = await harness.ensure();
    Object.assign(harness.azure.knobs, { looks: 0 });
    expect(harness.take().mutating).toEqual([
      ...['namedValue_createOrUpdate', 'backend_createOrUpdate', 'api_createOrUpdate', 'apiPolicy_createOrUpdate'],
      ...['api_createOrUpdate', 'apiPolicy_createOrUpdate', 'subscription_createOrUpdate', 'apiRelease_createOrUpdate'],
      'api_delete',
    ]);
    expect([revision, former]).toEqual(['2', '1']);
    expect(url).toBe(`${harness.state.gatewayUrl}/digits`);
    expect((await ask(url)).status).toBe(401);
    expect(await ask(url, '/v1/health', harness.subscribe())).toMatchObject({ status: 200, app: 'live' });
  });

  it('gives nobody the function before it is released', async () => {
    const caller = { headers: {} as Record<string, string> };
    const answers: number[] = [];
    harness.azure.context.onDone = async ({ method, path }) => {
      if (!path.includes('/apis/') || method.startsWith('apiRelease')) return;
      if (harness.state.find(functionName) === undefined) return;
      if (Object.keys(caller.headers).length === 0) caller.headers = harness.subscribe();
      const { status, headers } = await ask(`${harness.state.gatewayUrl}/digits`, '/v1/health', caller.headers);
      if (headers.has('x-coldgate-instance') && !harness.take().mutating.includes('apiRelease_createOrUpdate'))
        answers.push(status);
    };
    await harness.ensure(
      {},
      {
        prove: async () => {
          harness.azure.context.onDone = () => {};
        },
      },
    );
    expect(answers).toEqual([]);
  });

  it('is named by a plan that changes nothing', async () => {
    const planned = () => plannedRevision(harness.access(), harness.wanted());
    expect(await planned()).toEqual([`API ${functionName}: create it in API Management`]);
    expect(harness.take().mutating).toEqual([]);
    await harness.ensure();
    expect(await planned()).toEqual([]);
    expect(await plannedRevision(harness.access(), harness.wanted({ timeout: 100 }))).toHaveLength(1);
  });
});

describe('a release through API Management', () => {
  beforeEach(async () => {
    await harness.ensure();
    harness.take();
    harness.seen.splice(0);
  });

  it('of what is unchanged writes nothing', async () => {
    expect(await harness.ensure()).toMatchObject({ changed: false, former: undefined });
    const { reading, mutating } = harness.take();
    expect(mutating).toEqual([]);
    expect(reading).toHaveLength(7);
  });

  it('has the candidate behind an address of its own, through the real gateway, and callers notice nothing', async () => {
    const { url, revision } = await harness.ensureCandidate();
    expect(url).toBe(`${harness.state.gatewayUrl}/digits;rev=${revision}`);
    const caller = harness.subscribe();
    expect(await ask(url, '/v1/health', caller)).toMatchObject({ status: 200, app: 'candidate' });
    expect(await ask(`${harness.state.gatewayUrl}/digits`, '/v1/health', caller)).toMatchObject({ app: 'live' });
    expect(current()?.number).toBe('2');
    harness.take();
    expect(await harness.ensureCandidate()).toMatchObject({ changed: false, revision });
    expect(harness.take().mutating).toEqual([]);
  });

  it('proves another revision by its own address, flips, and goes back to the former one', async () => {
    const proven: string[] = [];
    const prove = async ({ url }: { url: string }) => void proven.push(url);
    const { revision, former } = await harness.ensure({ timeout: 100 }, { prove, notes: 'l-2' });
    expect(proven).toEqual([`${harness.state.gatewayUrl}/digits;rev=${revision}`]);
    expect(current()?.number).toBe(revision);
    const back = () => restoreFormer(harness.access(), harness.wanted().names, functionName, 'l-2');
    expect(await back()).toBe(true);
    expect(current()?.number).toBe(former);
    expect(await back()).toBe(false);
    harness.take();
    expect(await harness.ensure()).toMatchObject({ changed: false });
  });

  it('does not go back where someone else has released another revision since', async () => {
    await harness.ensure({ timeout: 100 }, { notes: 'l-2' });
    const back = (notes: string) => restoreFormer(harness.access(), harness.wanted().names, functionName, notes);
    expect(await back('l-1')).toBe(false);
    const api = harness.state.find(functionName)?.api;
    if (api) api.current = '2';
    expect(await back('l-2')).toBe(false);
  });

  it('that is blocked leaves the former one', async () => {
    const before = current()?.number;
    harness.live.status = 503;
    await expect(harness.ensure({ timeout: 100 }, {}, { ...harness.access(), settlingMs: 30 })).rejects.toMatchObject({
      ...{ code: 'gateway-not-ready', exit: 7 },
    });
    harness.live.status = 200;
    const prove = () => Promise.reject(new Error('wrong version'));
    await expect(harness.ensure({ timeout: 100 }, { prove })).rejects.toThrow('wrong version');
    expect(current()?.number).toBe(before);
    expect(harness.take().mutating).not.toContain('apiRelease_createOrUpdate');
  });

  it('waits for gateways that do not know of it yet', async () => {
    harness.gateway.lag = 4;
    await harness.ensure({ timeout: 100 });
    harness.gateway.lag = 0;
    expect(current()?.properties['apiRevisionDescription']).toContain(harness.wanted({ timeout: 100 }).digest);
  });

  it('stands back where another run releases its own meanwhile', async () => {
    const api = harness.state.find(functionName)?.api;
    harness.azure.context.onDone = ({ method }) => {
      if (method === 'apiRelease_createOrUpdate' && api) api.current = '2';
    };
    await expect(harness.ensure({ timeout: 100 })).rejects.toMatchObject({ code: 'gateway-moved', exit: 6 });
    expect(current()?.number).toBe('2');
  });

  it('gives the backend a new key without another revision', async () => {
    harness.live.key = 'another-key-of-the-function';
    expect(await harness.ensure()).toMatchObject({ changed: true });
    expect(harness.take().mutating).toEqual(['namedValue_createOrUpdate']);
    expect(await ask(`${harness.state.gatewayUrl}/digits`, '/v1/health', harness.subscribe())).toMatchObject({
      status: 200,
    });
  });

  it('keeps the two revisions before the current one, and candidates', async () => {
    await harness.ensureCandidate();
    for (const timeout of [100, 110, 120, 130]) await harness.ensure({ timeout });
    const roles = harness.state.inventory().filter((one) => one.startsWith('api '));
    expect(roles.map((one) => / coldgate (\w+)/.exec(one)?.[1]).sort()).toEqual(['candidate', 'live', 'live', 'live']);
  });

  it('adds the API to its product, and takes it out of the one of before', async () => {
    await harness.ensure({ product: 'starter' });
    await harness.ensure({ product: 'gold' });
    expect([...(harness.state.products.get('starter') ?? [])]).toEqual([]);
    expect([...(harness.state.products.get('gold') ?? [])]).toEqual([functionName]);
    const caller = harness.subscribe('/products/gold');
    expect((await ask(`${harness.state.gatewayUrl}/digits`, '/v1/health', caller)).status).toBe(200);
    expect(
      (await ask(`${harness.state.gatewayUrl}/digits`, '/v1/health', harness.subscribe('/products/starter'))).status,
    ).toBe(401);
  });
});

describe('what API Management does not have', () => {
  it.each([
    [
      'a cache on the tier Consumption',
      { 'cache-seconds': 60 },
      'gateway-tier',
      /built-in cache \(gateway.cache-seconds\)/,
    ],
    [
      'a limit by address on the tier Consumption',
      { 'rate-limit': { calls: 1, seconds: 60 }, 'subscription-required': false },
      'gateway-tier',
      /rate-limit-by-key/,
    ],
    ['the service', { service: 'other-apis' }, 'no-gateway-service', /no API Management service other-apis/],
  ])('is %s: found out before anything is changed, by a plan too', async (_, gateway, code, message) => {
    Object.assign(harness.state, { tier: 'Consumption' });
    const expected = { code, exit: 2, message: expect.stringMatching(message) };
    await expect(plannedRevision(harness.access(), harness.wanted(gateway))).rejects.toMatchObject(expected);
    await expect(harness.ensure(gateway)).rejects.toMatchObject(expected);
    expect(harness.take().mutating).toEqual([]);
  });

  it('is a product: the command to type is named', async () => {
    await expect(harness.ensure({ product: 'platinum' })).rejects.toMatchObject({
      ...{ code: 'no-product', exit: 2, hint: expect.stringContaining('az apim product create') },
    });
  });

  it('is free where someone else has it: an API, a path', async () => {
    await harness.ensure();
    const revision = current();
    if (revision) revision.properties['description'] = 'Made by hand.';
    await expect(harness.ensure({ timeout: 100 })).rejects.toMatchObject({
      ...{ code: 'foreign-gateway', exit: 2, hint: expect.stringContaining('gateway.name') },
    });
    await expect(harness.ensure({ name: 'other' })).rejects.toMatchObject({
      ...{ code: 'request-refused', exit: 2, message: expect.stringContaining('same Path') },
    });
  });
});
