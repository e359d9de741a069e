import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { App, type Greeting, greeterZip, hostSettings } from './app.ts';
import { type Azure, openAzure } from './azure.ts';
import { blobFrom } from './storage/surface.ts';

let azure: Azure;
let app: App;
const scheme = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const url = (name: string) => `${azure.urlOf('BLOBS')}/coldgatetest/packages/${name}.zip`;

/** An app on Premium and a slot of it, each with a package of its own. */
beforeEach(async () => {
  azure = await openAzure();
  app = new App(azure);
  const blobs = new Map([
    ['one.zip', blobFrom(greeterZip())],
    ['two.zip', blobFrom(greeterZip({ note: 'two' }))],
    ['broken.zip', blobFrom(greeterZip({ 'main.cjs': 'process.exit(3)' }))],
  ]);
  azure.accounts.find('coldgatetest')?.containers.set('packages', { blobs, metadata: {} });
  const sku = { name: 'EP1', tier: 'ElasticPremium' };
  const properties = { reserved: true, maximumElasticWorkerCount: 3 };
  await app.client.ask('PUT', app.planPath, { location: 'westeurope', kind: 'elastic', sku, properties });
  const body = {
    ...{ location: 'westeurope', kind: 'functionapp,linux', identity: { type: 'SystemAssigned' } },
    properties: { serverFarmId: app.planPath, siteConfig: { linuxFxVersion: 'Node|24', preWarmedInstanceCount: 1 } },
  };
  await app.put(body);
  await app.ended(await app.client.ask('PUT', next(), body));
  for (const site of [app.site, slot()]) {
    azure.context.iam.grant(site.principal ?? '', { dataActions: [`${scheme}/*`] }, app.accountPath);
  }
  await app.client.ask('PUT', `${app.path}/config/slotConfigNames`, { properties: { appSettingNames: ['PLACE'] } });
  await set(app.path, 'one', 'production');
  await set(next(), 'two', 'next');
});
afterEach(() => azure.close());

const next = () => `${app.path}/slots/next`;
const slot = () => azure.web.sites.get('digits/slots/next')!;
const set = (path: string, name: string, place: string) =>
  app.client.ask('PUT', `${path}/config/appsettings`, {
    properties: {
      ...hostSettings,
      ...{ LEVEL: 'anonymous', MINE: name, PLACE: place, WEBSITE_RUN_FROM_PACKAGE: url(name) },
      WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID: 'SystemAssigned',
    },
  });
const variables = async (at: string) => ((await (await fetch(at)).json()) as Greeting).variables;
const swap = async () => {
  const reply = await app.client.ask('POST', `${next()}/slotsswap`, { targetSlot: 'production', preserveVnet: false });
  const operation = reply.headers.get('azure-asyncoperation') ?? '';
  return vi.waitFor(async () => {
    const { json } = await app.client.ask('GET', operation);
    expect(json['status']).not.toBe('InProgress');
    return json['status'];
  }, 60_000);
};

it('a swap has both change places, all but what is sticky, and nothing is lost', async () => {
  expect(await variables(app.site.servers.app.url)).toMatchObject({ MINE: 'one', PLACE: 'production' });
  expect(await variables(slot().servers.app.url)).toMatchObject({ MINE: 'two', PLACE: 'next' });
  expect(await swap()).toBe('Succeeded');
  expect(await variables(app.site.servers.app.url)).toMatchObject({ MINE: 'two', PLACE: 'production' });
  expect(await variables(slot().servers.app.url)).toMatchObject({ MINE: 'one', PLACE: 'next' });
  expect(await swap()).toBe('Succeeded');
  expect(await variables(app.site.servers.app.url)).toMatchObject({ MINE: 'one', PLACE: 'production' });
});

it('a slot that does not answer is not swapped', async () => {
  await set(next(), 'broken', 'next');
  expect(await swap()).toBe('Failed');
  expect(await variables(app.site.servers.app.url)).toMatchObject({ MINE: 'one', PLACE: 'production' });
  expect(slot().settings.get('PLACE')).toBe('next');
});

it('a package is run from its blob by the identity of the app, or not at all', async () => {
  azure.context.iam.revoke(app.site.principal ?? '');
  await set(app.path, 'two', 'production');
  expect((await fetch(app.site.servers.app.url)).status).toBe(404);
});
