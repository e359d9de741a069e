import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endsWithItsProcess } from '../fakes/clouds/killed-process.ts';
import { App, greeterZip } from './app.ts';
import { type Azure, openAzure } from './azure.ts';

let azure: Azure;
let app: App;
beforeEach(async () => {
  azure = await openAzure();
  app = new App(azure);
});
afterEach(() => azure.close());

const live = async (settings: Record<string, string> = {}, zip = greeterZip()): Promise<void> => {
  await app.make(settings);
  expect(await app.publish(zip)).toBe(4);
};

describe('an instance', () => {
  it('is a process of the package, with the settings and the variables of the platform, and nothing of this process', async () => {
    await live({ MINE: 'yes' });
    const { pid, cwd, variables, headers } = await app.greeting('/any/path');
    expect(pid).not.toBe(process.pid);
    expect(cwd).toBe(app.site.content?.folder);
    expect(variables).toMatchObject({ MINE: 'yes', WEBSITE_SITE_NAME: 'digits', INITIALIZED_FROM_PLACEHOLDER: 'True' });
    expect(variables).not.toHaveProperty('VITEST');
    expect(headers).toMatchObject({ 'x-ms-coldstart': '1', 'x-forwarded-proto': 'https' });
    expect((await app.greeting()).headers).not.toHaveProperty('x-ms-coldstart');
  });

  it('has tokens of the identity of its app', async () => {
    await live();
    const { variables } = await app.greeting();
    const url = `${variables['IDENTITY_ENDPOINT']}?api-version=2019-08-01&resource=https://storage.azure.com/`;
    const answer = await fetch(url, { headers: { 'x-identity-header': variables['IDENTITY_HEADER'] ?? '' } });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { oid: string };
    expect(claims.oid).toBe(app.site.principal);
  });

  it('is another one after every change of the settings, and what it was doing is lost', async () => {
    await live();
    const before = await app.greeting();
    const { default: key = '' } = azure.web.keys.of(app.site).functionKeys;
    const slow = app.call('/slow', { 'x-functions-key': key }).then(
      () => 'answered',
      () => 'cut',
    );
    await vi.waitFor(() => expect(app.site.generation?.pool.taken).toBe(1), 60_000);
    await app.set({ MINE: 'changed' });
    expect(await slow).toBe('cut');
    await vi.waitFor(() => expect(() => process.kill(before.pid, 0)).toThrow(), 60_000);
    expect((await app.greeting()).variables['MINE']).toBe('changed');
  });

  it('may still answer after a change, and the front end may be down for a while', async () => {
    await live();
    const { pid } = await app.greeting();
    Object.assign(azure.knobs, { staleRequests: 1, unavailable: 1 });
    await app.set({ MINE: 'changed' });
    expect((await app.greeting()).pid).toBe(pid);
    expect((await app.call()).status).toBe(503);
    expect((await app.greeting()).variables['MINE']).toBe('changed');
  });

  it('ends what it does before it goes where updates roll', async () => {
    await app.make({}, app.body());
    const body = app.body() as { properties: { functionAppConfig: object } };
    Object.assign(body.properties.functionAppConfig, { siteUpdateStrategy: { type: 'RollingUpdate' } });
    await app.put(body as never);
    await app.publish();
    const { pid } = await app.greeting();
    await app.set({ MINE: 'changed' });
    expect((await app.greeting()).pid).toBe(pid);
    expect((await app.greeting()).variables['MINE']).toBe('changed');
  });

  it('that ends by itself costs its callers a 503, and another one comes', async () => {
    await live();
    const { pid } = await app.greeting();
    const { default: key = '' } = azure.web.keys.of(app.site).functionKeys;
    expect((await app.call('/exit', { 'x-functions-key': key })).status).toBe(503);
    expect((await app.greeting()).pid).not.toBe(pid);
  });

  it('that writes to its package is found out', async () => {
    await live();
    await app.greeting('/write');
    const changes = azure.web.packages.changes();
    expect(changes).toHaveLength(process.getuid?.() === 0 ? 1 : 0);
    // As root it can: this stands for what the real one refuses.
    if (changes.length > 0) await expect(azure.close()).rejects.toThrow('has written');
    azure = await openAzure();
  });

  it.skipIf(process.platform === 'win32')('does not outlive a process that is killed', () =>
    endsWithItsProcess(join(import.meta.dirname, 'killed-bench.ts')),
  );
});

describe('callers', () => {
  it('need a key of the host or of the function, and the master key for more', async () => {
    await live();
    const { masterKey, functionKeys } = await app.keys();
    const own = (await app.client.ask('POST', `${app.path}/functions/greeter/listkeys`)).json as Record<string, string>;
    const status = async (key: string | undefined, path = '/') =>
      (await app.call(path, key === undefined ? {} : { 'x-functions-key': key })).status;
    expect(await status(undefined)).toBe(401);
    expect(await status('wrong')).toBe(401);
    for (const key of [masterKey, functionKeys['default'], own['default']]) expect(await status(key)).toBe(200);
    expect((await app.call(`/?code=${encodeURIComponent(masterKey)}`)).status).toBe(200);
    expect(await status(functionKeys['default'], '/admin/host/status')).toBe(401);
    expect(await status(masterKey, '/admin/host/status')).toBe(200);
  });

  it('need none where the function says so', async () => {
    await live({ LEVEL: 'anonymous' });
    expect((await app.call()).status).toBe(200);
  });

  it('find the function below the prefix of host.json, which is api where nothing says otherwise', async () => {
    await live({ LEVEL: 'anonymous' }, greeterZip({ 'host.json': '{"version":"2.0"}' }));
    expect((await app.call('/')).status).toBe(404);
    expect((await app.call('/api/any')).status).toBe(200);
  });

  it('get the answer to a preflight from the platform where it has origins, else from the function', async () => {
    await live();
    const preflight = (origin: string) =>
      fetch(app.site.servers.app.url, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    expect((await preflight('https://app.example')).status).toBe(401);
    await app.put(app.body({}, { cors: { allowedOrigins: ['https://app.example'] } }));
    const allowed = await preflight('https://app.example');
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, 'https://app.example']);
    expect((await preflight('https://other.example')).status).toBe(400);
  });
});

describe('the host', () => {
  it.each([
    ['no role on its storage yet', {}, () => azure.context.iam.revoke(app.site.principal ?? '')],
    ['no credential for its storage', { AzureWebJobsStorage__credential: '' }, () => {}],
    ['an empty AzureWebJobsStorage', { AzureWebJobsStorage: '' }, () => {}],
    ['a runtime that is not there', {}, () => Object.assign(azure.knobs, { nodeVersions: [] })],
  ])(
    'does not start with %s: no functions, no keys, no answers, and its status says why',
    async (_what, settings, spoil) => {
      await app.make();
      await app.publish();
      spoil();
      await app.set(settings);
      expect((await app.client.ask('POST', `${app.path}/host/default/listkeys`)).status).toBe(400);
      expect((await app.call()).status).toBe(503);
      const status = `${app.path}/hostruntime/admin/host/status?api-version=2022-03-01`;
      expect((await app.client.ask('GET', status)).json).toMatchObject({
        state: 'Error',
        errors: [expect.any(String)],
      });
    },
  );

  it('of an app with an assigned identity needs to be told which', async () => {
    const id = azure.identities.create('models', 'models');
    const scope = azure.context.groupId('models');
    azure.context.iam.grant(azure.identities.find(id)?.oid ?? '', { dataActions: ['*'] }, scope);
    const body = app.body() as {
      identity: object;
      properties: { functionAppConfig: { deployment: { storage: object } } };
    };
    body.identity = { type: 'UserAssigned', userAssignedIdentities: { [id]: {} } };
    Object.assign(body.properties.functionAppConfig.deployment.storage, {
      authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: id },
    });
    await app.client.ask('PUT', app.planPath, app.plan);
    await app.client.ask('PUT', app.container, { properties: {} });
    await app.put(body as never);
    await app.set({});
    expect(await app.publish()).toBe(4);
    expect(await app.functions()).toEqual([]);
    const { clientId = '' } = azure.identities.find(id) ?? {};
    await app.set({ AzureWebJobsStorage__clientId: clientId });
    expect(await app.functions()).toEqual(['digits/greeter']);
  });
});
