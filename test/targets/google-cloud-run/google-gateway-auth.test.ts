import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureGateway } from '../../../src/targets/google-cloud-run/gateway.ts';
import { functionName, GatewayHarness, gatewayAccount } from '../../google/gateway/harness.ts';
import { Issuer } from '../../google/gateway/issuer.ts';

const jwt = { auth: 'jwt', jwt: { issuer: 'https://login.example/', audience: ['digits'] } };
const googleKeys = 'https://www.googleapis.com/oauth2/v3/certs';
const firebaseKeys =
  'https://www.googleapis.com/service_accounts/v1/metadata/x509/securetoken@system.gserviceaccount.com';

/** What a caller must present, as the proxy of the stand-in demands it. */
describe('callers of the gateway of a function on Cloud Run', () => {
  let harness: GatewayHarness;
  const access = () => harness.project.google.context;
  const status = async (url: string, headers: Record<string, string> = {}, method = 'GET') =>
    (await fetch(url, { headers, method })).status;
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  /** What set-up does once: `gcloud services enable`. */
  const enable = () => {
    const api = harness.project.state.apis.get(harness.wanted().names.api);
    access().disabled.delete(api?.managedService ?? '');
    return api?.managedService ?? '';
  };
  /** A gateway with keys needs its API's service enabled, which the first run finds to be off. */
  async function withKeys(gateway: Record<string, unknown> = {}) {
    await harness.ensure({ auth: 'api-key', ...gateway }).catch(() => {});
    const service = enable();
    return { service, ...(await harness.ensure({ auth: 'api-key', ...gateway })) };
  }
  /** A key of the project, as `gcloud services api-keys create` makes it. */
  async function makeKey(service: string): Promise<string> {
    const { google } = harness.project;
    const base = `${google.urlOf('APIKEYS')}/v2/projects/coldgate-test/locations/global/keys`;
    const headers = { ...bearer(google.context.iam.accessToken(google.pipeline)), 'content-type': 'application/json' };
    const body = JSON.stringify({ displayName: 'a client', restrictions: { apiTargets: [{ service }] } });
    const made = (await (await fetch(base, { method: 'POST', headers, body })).json()) as {
      response: { name: string };
    };
    const read = await fetch(`${google.urlOf('APIKEYS')}/v2/${made.response.name}/keyString`, { headers });
    return ((await read.json()) as { keyString: string }).keyString;
  }

  beforeAll(async () => {
    harness = await GatewayHarness.open();
  });
  beforeEach(async () => {
    await harness.remove();
    harness.project.state.usedUp.clear();
    harness.take();
  });
  afterAll(() => harness.close());

  it('need a key of a project where the API’s own service is enabled', async () => {
    const { url, service } = await withKeys();
    expect(await status(`${url}/v1/health`)).toBe(401);
    expect(await status(`${url}/v1/health`, { 'x-api-key': 'AIzaWrong' })).toBe(400);
    const key = await makeKey(service);
    expect(await status(`${url}/v1/health`, { 'x-api-key': key })).toBe(200);
    access().disabled.add(service);
    expect(await status(`${url}/v1/health`, { 'x-api-key': key })).toBe(403);
  });

  it('get no gateway with keys while that service is off: the command to type is named, before minutes are spent', async () => {
    const refusal = harness.ensure({ auth: 'api-key' });
    await expect(refusal).rejects.toMatchObject({
      ...{ code: 'api-disabled', exit: 8 },
      hint: expect.stringMatching(
        /gcloud services enable digits-production-\w+\.apigateway\.coldgate-test\.cloud\.goog/,
      ),
    });
    expect(harness.take().mutating).toEqual(['apis.create']);
    enable();
    await harness.ensure({ auth: 'api-key' });
    expect(harness.take().mutating).toEqual(['configs.create', 'gateways.create']);
  });

  it('are looked after when a function is rolled out again: a service that was switched off is found', async () => {
    const { service } = await withKeys();
    access().disabled.add(service);
    await expect(harness.ensure({ auth: 'api-key' })).resolves.toMatchObject({ changed: false });
    await expect(harness.ensure({ auth: 'api-key' }, harness.access(), true)).rejects.toMatchObject({ exit: 8 });
  });

  it('share the quota of their project, whatever keys they have', async () => {
    const { url, service } = await withKeys({ 'quota-per-minute': 3 });
    const keys = [await makeKey(service), await makeKey(service)];
    const answers: number[] = [];
    for (const key of [...keys, ...keys]) answers.push(await status(`${url}/v1/health`, { 'x-api-key': key }));
    expect(answers).toEqual([200, 200, 200, 429]);
  });

  it.each([
    ['an issuer', jwt, 'https://login.example/', undefined, 'digits'],
    ['Firebase', { auth: 'firebase' }, 'https://securetoken.google.com/coldgate-test', firebaseKeys, 'coldgate-test'],
    ['Google', { auth: 'google-id-token', audience: ['digits'] }, 'https://accounts.google.com', googleKeys, 'digits'],
  ])('need a token of %s for the audience, whose claims the function gets', async (_, gateway, iss, keys, audience) => {
    const issuer = new Issuer(harness.project.edge.callers, iss, keys);
    const { url } = await harness.ensure(gateway);
    expect(await status(`${url}/v1/health`)).toBe(401);
    const token = issuer.token({ aud: audience });
    expect(await status(`${url}/v1/health`, bearer(token))).toBe(200);
    const headers = harness.seen.at(-1)?.headers ?? {};
    expect(headers['x-forwarded-authorization']).toBe(`Bearer ${token}`);
    const claims = Buffer.from(String(headers['x-apigateway-api-userinfo']), 'base64url').toString();
    expect(JSON.parse(claims)).toMatchObject({ sub: 'someone', aud: audience });
    expect(await status(`${url}/v1/health`, bearer(issuer.token({ aud: 'other' })))).toBe(403);
    expect(await status(`${url}/v1/health`, bearer(issuer.token({ aud: audience, exp: 1 })))).toBe(401);
    const forged = new Issuer(harness.project.edge.callers, 'https://elsewhere.example/');
    expect(await status(`${url}/v1/health`, bearer(forged.token({ aud: audience, iss })))).toBe(401);
  });

  it('may use the address of the API’s own service as the audience where Google’s tokens have none', async () => {
    const issuer = new Issuer(harness.project.edge.callers, 'https://accounts.google.com', googleKeys);
    const { url } = await harness.ensure({ auth: 'google-id-token' });
    const service = harness.project.state.apis.get(harness.wanted().names.api)?.managedService;
    expect(await status(`${url}/v1/health`, bearer(issuer.token({ aud: `https://${service}` })))).toBe(200);
  });

  it('from browsers may ask first without credentials, where their origins are allowed', async () => {
    const { url } = await ensureGateway(harness.access(), harness.wanted(jwt, ['https://app.example']), {
      recheck: false,
    });
    expect(await status(`${url}/v1/infer`, {}, 'OPTIONS')).toBe(204);
    expect(await status(`${url}/v1/infer`, {}, 'POST')).toBe(401);
    await harness.ensure(jwt);
    expect(await status(`${url}/v1/infer`, {}, 'OPTIONS')).toBe(405);
  });

  it('wait as long as the settings say, and not the fifteen seconds of a gateway that is not told', async () => {
    const { knobs } = harness.project.google;
    const before = knobs.timeScale;
    Object.assign(knobs, { timeScale: 0.01 });
    harness.delayMs = 250;
    const { url } = await harness.ensure({ deadline: 120 });
    expect(await status(`${url}/v1/health`)).toBe(200);
    await harness.ensure({ deadline: 15 }, { ...harness.access(), settlingMs: 20 }).catch(() => {});
    expect(await status(`${url}/v1/health`)).toBe(504);
    harness.delayMs = 0;
    Object.assign(knobs, { timeScale: before });
  });

  it('are proven through the gateway where anyone may call, and by being turned away where not', async () => {
    const open = await harness.ensure();
    const options = { timeoutMs: 60_000 };
    expect(await harness.endpoint({}, open.url).send('/v1/health', options)).toMatchObject({ status: 200 });
    const guarded = await harness.ensure(jwt);
    harness.seen.splice(0);
    const endpoint = harness.endpoint(jwt, guarded.url);
    expect(await endpoint.send('/v1/infer', { ...options, json: { inputs: {} } })).toMatchObject({ status: 200 });
    expect(harness.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /v1/infer']);
    await harness.ensure();
    await expect(endpoint.send('/v1/health', options)).rejects.toThrow('to a caller without credentials, expected 401');
  });

  it('are told which account lacks the right to call the function, and what to type', async () => {
    access().iam.revoke(gatewayAccount);
    await expect(harness.ensure({}, { ...harness.access(), settlingMs: 50 })).rejects.toMatchObject({
      ...{ code: 'permission-denied', exit: 8, data: { action: 'run.routes.invoke', account: gatewayAccount } },
      hint: expect.stringContaining(`gcloud run services add-iam-policy-binding ${functionName} --region=europe-west1`),
    });
    access().iam.grant(gatewayAccount, ['run.routes.invoke'], '*', 0);
    const { url } = await harness.ensure();
    expect(await status(`${url}/v1/health`)).toBe(200);
  });
});
