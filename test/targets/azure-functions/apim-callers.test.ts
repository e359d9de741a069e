import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureRevision } from '../../../src/targets/azure-functions/apim.ts';
import { apimEndpoint } from '../../../src/targets/azure-functions/apim-endpoint.ts';
import { ApimHarness } from '../../azure/apim/harness.ts';
import { Issuer } from '../../azure/apim/issuer.ts';

let harness: ApimHarness;
let issuer: Issuer;
beforeAll(async () => {
  harness = await ApimHarness.open();
  issuer = await Issuer.open();
});
beforeEach(() => {
  harness.gateway.counts.clear();
  harness.gateway.cache.clear();
  harness.seen.splice(0);
});
afterAll(async () => {
  await issuer.close();
  await harness.close();
});

const base = () => `${harness.state.gatewayUrl}/digits`;
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${base()}${path}`, { headers, method });
const status = async (...requests: Parameters<typeof ask>) => (await ask(...requests)).status;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/* What a caller must present, as the gateway of the stand-in executes the policies. */
describe('callers of the gateway of an Azure function', () => {
  it('present a subscription key, which the function never sees, and the gateway presents its own', async () => {
    await harness.ensure();
    const caller = harness.subscribe();
    expect([await status('/v1/health'), await status('/v1/health', caller)]).toEqual([401, 200]);
    expect(await status('/v1/health', { 'ocp-apim-subscription-key': 'wrong' })).toBe(401);
    const { headers } = harness.seen.at(-1) ?? {};
    expect(headers?.['x-functions-key']).toBe(harness.live.key);
    expect(headers).not.toHaveProperty('ocp-apim-subscription-key');
    expect(await status('/v1/nothing', caller)).toBe(404);
  });

  it('present none where the settings ask for none', async () => {
    await harness.ensure({ 'subscription-required': false });
    expect(await status('/v1/health')).toBe(200);
  });

  it('present a token of the issuer for the audience as well', async () => {
    const jwt = { 'openid-config': issuer.configuration, audience: ['digits'] };
    await harness.ensure({ jwt });
    const caller = harness.subscribe();
    const withToken = async (claims: Record<string, unknown>) =>
      status('/v1/health', { ...caller, ...bearer(issuer.token(claims)) });
    expect(await status('/v1/health', caller)).toBe(401);
    expect(await status('/v1/health', bearer(issuer.token({ aud: 'digits' })))).toBe(401);
    expect(await withToken({ aud: 'digits' })).toBe(200);
    expect(await withToken({ aud: 'other' })).toBe(401);
    expect(await withToken({ aud: 'digits', exp: 1 })).toBe(401);
    expect(await withToken({ aud: 'digits', iss: 'https://elsewhere.example/' })).toBe(401);
    const forger = await Issuer.open();
    const forged = forger.token({
      aud: 'digits',
      iss: issuer.configuration.replace('.well-known/openid-configuration', ''),
    });
    expect(await status('/v1/health', { ...caller, ...bearer(forged) })).toBe(401);
    await forger.close();
  });

  it('are limited by subscription, each for itself', async () => {
    await harness.ensure({ 'rate-limit': { calls: 2, seconds: 60 } });
    const [one, other] = [harness.subscribe(), harness.subscribe()];
    const answers: number[] = [];
    for (const caller of [one, one, one, other]) answers.push(await status('/v1/health', caller));
    expect(answers).toEqual([200, 200, 429, 200]);
    expect((await ask('/v1/health', one)).headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('are limited by address where no one subscribes', async () => {
    await harness.ensure({ 'subscription-required': false, 'rate-limit': { calls: 50, seconds: 60 } });
    harness.gateway.counts.clear();
    const answers: number[] = [];
    for (let call = 0; call < 51; call++) answers.push(await status('/v1/health'));
    expect(answers.slice(-2)).toEqual([200, 429]);
  });

  it('get the document from the cache, and nothing else', async () => {
    await harness.ensure({ 'cache-seconds': 60 });
    const caller = harness.subscribe();
    harness.seen.splice(0);
    for (const path of ['/v1/openapi.json', '/v1/health', '/v1/models', '/']) {
      for (let call = 0; call < 3; call++) expect(await status(path, caller)).toBe(200);
    }
    const count = (path: string) => harness.seen.filter((one) => one.path === path).length;
    expect([count('/v1/openapi.json'), count('/')]).toEqual([1, 1]);
    expect([count('/v1/health'), count('/v1/models')]).toEqual([3, 3]);
    expect(await status('/v1/openapi.json')).toBe(401);
  });

  it('from browsers ask first without key or token, where their origins are allowed', async () => {
    const wanted = harness.wanted({}, null, ['https://app.example']);
    await ensureRevision(harness.access(), wanted, { inside: harness.inside(harness.live) });
    const asks = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
    const preflight = (origin: string) => ask('/v1/infer', { origin, ...asks }, 'OPTIONS');
    const allowed = await preflight('https://app.example');
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, 'https://app.example']);
    expect((await preflight('https://evil.example')).headers.has('access-control-allow-origin')).toBe(false);
    const caller = harness.subscribe();
    const answer = await ask('/v1/health', { origin: 'https://app.example', ...caller });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
    // The function has no say in it: two answers about CORS would be one too many.
    expect(harness.seen.at(-1)?.headers).not.toHaveProperty('origin');
    expect(await status('/v1/health', { origin: 'https://evil.example', ...caller })).toBe(200);
  });

  it('wait as long as the settings say', async () => {
    Object.assign(harness.gateway, { timeScale: 0.01 });
    await harness.ensure({ timeout: 200 });
    const caller = harness.subscribe();
    harness.live.delayMs = 300;
    expect(await status('/v1/health', caller)).toBe(200);
    harness.live.delayMs = 0;
    await harness.ensure({ timeout: 5 });
    harness.live.delayMs = 300;
    expect(await status('/v1/health', caller)).toBe(504);
    harness.live.delayMs = 0;
    Object.assign(harness.gateway, { timeScale: 1 });
  });

  it('are proven as: by a subscription of the pipeline’s own, or by being turned away without a token', async () => {
    const options = { timeoutMs: 60_000 };
    const endpoint = async (gateway: Record<string, unknown>) => {
      const { url } = await harness.ensure(gateway);
      harness.seen.splice(0);
      const wanted = harness.wanted(gateway);
      return apimEndpoint(harness.access(), { url, wanted, inside: harness.inside(harness.live), changed: false });
    };
    const plain = await endpoint({});
    expect(await plain.send('/v1/health?warm=true', options)).toMatchObject({ status: 200 });
    expect(harness.seen.map(({ path }) => path)).toEqual(['/v1/health?warm=true']);
    const guarded = await endpoint({ jwt: { 'openid-config': issuer.configuration, audience: ['digits'] } });
    expect(await guarded.send('/v1/infer', { ...options, json: { inputs: {} } })).toMatchObject({ status: 200 });
    expect(harness.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /v1/infer']);
    await harness.ensure();
    await expect(guarded.send('/v1/health', options)).rejects.toThrow('to a caller without a token, expected 401');
  });
});
