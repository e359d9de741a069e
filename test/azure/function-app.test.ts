import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { App, greeterZip } from './app.ts';
import { type Azure, openAzure } from './azure.ts';
import { Client } from './client.ts';

let azure: Azure;
let app: App;
beforeEach(async () => {
  azure = await openAzure();
  app = new App(azure);
});
afterEach(() => azure.close());

describe('an app', () => {
  it('comes with a long operation, at hosts that nobody can build', async () => {
    await app.client.ask('PUT', app.planPath, app.plan);
    const reply = await app.client.ask('PUT', app.path, app.body());
    expect(reply.status).toBe(202);
    for (const name of ['azure-asyncoperation', 'location', 'retry-after'])
      expect(reply.headers.get(name)).not.toBeNull();
    const other = await app.client.ask('PUT', app.path, app.body());
    expect([other.status, Client.errorOf(other).code]).toEqual([409, 'Conflict']);
    await app.ended(reply);
    const { json } = await app.client.ask('GET', app.path);
    const { defaultHostName, hostNameSslStates } = json['properties'] as Record<string, unknown>;
    const hosts = (hostNameSslStates as { name: string; hostType: string }[]).map(({ hostType }) => hostType);
    expect([defaultHostName, hosts]).toEqual([app.site.servers.app.host, ['Standard', 'Repository']]);
  });

  it('is shown as it was seen: lower case and null where nothing is', async () => {
    await app.make();
    const { json } = await app.client.ask('GET', app.path);
    expect(json).toMatchObject({
      ...{ location: 'West Europe', identity: { type: 'SystemAssigned', principalId: app.site.principal } },
      properties: {
        siteConfig: { ftpsState: null, cors: null },
        functionAppConfig: {
          deployment: { storage: { type: 'blobcontainer', authentication: { type: 'systemassignedidentity' } } },
          scaleAndConcurrency: { alwaysReady: null, triggers: null, maximumInstanceCount: 40 },
        },
      },
    });
    expect((await app.client.ask('GET', app.planPath)).json['sku']).toMatchObject({ name: 'FC1', capacity: 0 });
  });

  it('has its settings replaced by every write', async () => {
    await app.make({ ONE: '1' });
    await app.set({ TWO: '2' });
    const { json } = await app.client.ask('POST', `${app.path}/config/appsettings/list`);
    expect(Object.keys(json['properties'] as object)).toEqual(expect.arrayContaining(['TWO']));
    expect(json['properties']).not.toHaveProperty('ONE');
  });

  it('goes, and its plan after it', async () => {
    await app.make();
    expect((await app.client.ask('DELETE', app.planPath)).status).toBe(409);
    const path = `${app.path}?deleteEmptyServerFarm=false&api-version=2025-05-01`;
    expect((await app.client.ask('DELETE', path)).status).toBe(200);
    expect((await app.client.ask('DELETE', path)).status).toBe(204);
    expect((await app.client.ask('GET', app.path)).status).toBe(404);
    expect((await app.client.ask('DELETE', app.planPath)).status).toBe(200);
  });

  it('takes its empty plan with it where nobody says otherwise', async () => {
    await app.make();
    await app.client.ask('DELETE', app.path);
    expect((await app.client.ask('GET', app.planPath)).status).toBe(404);
  });
});

describe('a publish', () => {
  it('is not known at first, then told, and one at a time', async () => {
    azure.knobs.publishStates = [404, 0, 2, 4];
    await app.make();
    const { status, text, location } = await app.upload();
    expect([status, location]).toEqual([202, expect.stringContaining(JSON.parse(text) as string)]);
    expect((await app.upload()).status).toBe(409);
    const seen = [];
    for (let at = 0; at < 4; at++) seen.push(await app.look(location));
    expect(seen.map(({ status, state }) => [status, state])).toEqual([
      [404, undefined],
      [200, 0],
      [200, 2],
      [200, 4],
    ]);
    expect(await app.functions()).toEqual(['digits/greeter']);
  });

  it('may be forgotten once it has made progress, and is done all the same', async () => {
    azure.knobs.publishForgotten = true;
    azure.knobs.publishStates = [2, 4];
    await app.make();
    const { location } = await app.upload();
    expect([await app.look(location), await app.look(location)]).toMatchObject([{ state: 2 }, { status: 404 }]);
    expect(await app.functions()).toEqual(['digits/greeter']);
  });

  it('goes on when nobody looks', async () => {
    azure.knobs.operationMs = 20;
    await app.make();
    await app.upload();
    await vi.waitFor(async () => expect(await app.functions()).toEqual(['digits/greeter']), 60_000);
  });

  it('fails for an identity whose role does not count yet, and says so in its log', async () => {
    azure.knobs.roleLag = 1;
    await app.make();
    const { location } = await app.upload();
    await vi.waitFor(async () => expect((await app.look(location)).state).toBe(3), 60_000);
    const log = await fetch(`${location}/log`, { headers: { authorization: `Bearer ${app.client.token}` } });
    expect(await log.text()).toContain('StorageAccessibleCheck');
    expect(await app.publish()).toBe(4);
  });

  it('fails for what is no zip', async () => {
    await app.make();
    expect(await app.publish(Buffer.from('no zip'))).toBe(3);
  });
});

describe('functions', () => {
  it('are listed after a sync where they do not come by themselves', async () => {
    azure.knobs.functionsLag = Number.POSITIVE_INFINITY;
    await app.make();
    await app.publish();
    expect(await app.functions()).toEqual([]);
    expect((await app.client.ask('POST', `${app.path}/host/default/sync`)).status).toBe(204);
    expect(await app.functions()).toEqual(['digits/greeter']);
  });

  it.each([
    ['main', { 'package.json': '{}' }],
    ['host.json', { 'host.json': undefined }],
    ['module that registers', { 'main.cjs': 'console.log(1)' }],
    ['module that loads', { 'main.cjs': 'throw new Error("too early")' }],
  ])('are none without a %s, and that is a success', async (_what, files) => {
    await app.make();
    expect(await app.publish(greeterZip(files))).toBe(4);
    expect(await app.functions()).toEqual([]);
  });

  it('are none where the module throws after it has registered, and the host says why', async () => {
    await app.make();
    const main = `require('@azure/functions-core').registerFunction({ name: 'one', bindings: {} }, () => {}); throw new Error('too late');`;
    await app.publish(greeterZip({ 'main.cjs': main }));
    expect(await app.functions()).toEqual([]);
    const path = `${app.path}/hostruntime/admin/host/status?api-version=2022-03-01`;
    expect((await app.client.ask('GET', path)).json).toMatchObject({
      state: 'Error',
      errors: [expect.stringContaining('too late')],
    });
    expect((await app.call('/')).status).toBe(503);
  });
});
