import { afterAll, beforeAll, expect, it } from 'vitest';
import { apimDocument } from '../../src/targets/azure-functions/apim-document.ts';
import { describePart } from '../emulators/servers.ts';
import { bringPart } from '../handler/bring-part.ts';
import { openApim, serviceName } from './apim/open.ts';
import { App, hostSettings } from './app.ts';
import { armClient, openClients, type WebSiteClient } from './arm-client.ts';
import { type Azure, openAzure } from './azure.ts';

/*
 * A stand-in that agrees with our driver alone proves little. Microsoft's own client writes requests from Microsoft's own
 * description, reads answers by it, and waits for operations and pages in its own way; its requests are held to the same rules.
 */
describePart('azure-arm', await bringPart(armClient), "Microsoft's own clients on the stand-in", () => {
  let azure: Azure;
  let client: WebSiteClient;
  let app: App;
  beforeAll(async () => {
    azure = await openAzure({ knobs: { looks: 2, pageSize: 1 } });
    client = openClients(azure).web;
    app = new App(azure);
  });
  afterAll(() => azure?.close());

  const list = async (pages: AsyncIterable<Record<string, unknown>>): Promise<unknown[]> => {
    const found = [];
    for await (const { name } of pages) found.push(name);
    return found;
  };

  it('makes a plan and an app, waits for it, and reads all that is said of it', async () => {
    const { properties: _, ...plan } = app.plan;
    const made = await client.appServicePlans.createOrUpdate('models', 'digits-plan', { ...plan, reserved: true });
    expect(made).toMatchObject({ name: 'digits-plan', sku: { tier: 'FlexConsumption' }, reserved: true });
    await app.client.ask('PUT', app.container, { properties: {} });
    const { properties, ...body } = app.body() as { properties: object };
    const site = await client.webApps.createOrUpdate('models', 'digits', { ...body, ...properties });
    expect(site).toMatchObject({ name: 'digits', defaultHostName: app.site.servers.app.host, httpsOnly: true });
    expect(azure.calls().filter(({ method }) => method === 'operationResults_get').length).toBeGreaterThan(1);
    expect(await client.webApps.get('models', 'digits')).toMatchObject({
      identity: { principalId: app.site.principal },
    });
  });

  it('writes and reads settings, keys and functions', async () => {
    await app.grant();
    await client.webApps.updateApplicationSettings('models', 'digits', {
      properties: { ...hostSettings, MINE: 'yes' },
    });
    const settings = await client.webApps.listApplicationSettings('models', 'digits');
    expect(settings).toMatchObject({ properties: { MINE: 'yes' } });
    expect(await app.publish()).toBe(4);
    await client.webApps.syncFunctions('models', 'digits');
    expect(await list(client.webApps.listFunctions('models', 'digits'))).toEqual(['digits/greeter']);
    expect(await client.webApps.listHostKeys('models', 'digits')).toHaveProperty('masterKey');
  });

  it('pages through lists, and reads what was refused', async () => {
    const second = new App(azure, 'second');
    await second.make();
    expect(await list(client.webApps.listByResourceGroup('models'))).toEqual(['digits', 'second']);
    const failure = await client.webApps.get('models', 'absent').catch((error: unknown) => error);
    expect(failure).toMatchObject({ statusCode: 404, code: 'ResourceNotFound' });
  });

  it('removes an app and its plan', async () => {
    await client.webApps.delete('models', 'digits', { deleteEmptyServerFarm: false });
    await client.appServicePlans.delete('models', 'digits-plan');
    expect([...azure.web.plans.values()].map(({ name }) => name)).toEqual(['second-plan']);
  });

  it('imports an API, makes a revision current, and takes it away, as API Management is used', async () => {
    const made = await openApim({ knobs: { looks: 1 } });
    try {
      const { apim } = openClients(made.azure);
      const at = ['models', serviceName] as const;
      const document = {
        ...{ format: 'openapi+json', value: JSON.stringify(apimDocument({ title: 'digits', description: 'x' })) },
        ...{ displayName: 'digits', path: 'digits', protocols: ['https'], serviceUrl: 'https://digits.example' },
      };
      await apim.api.beginCreateOrUpdateAndWait(...at, 'digits', document);
      const revision = { ...document, sourceApiId: `${made.state.id}/apis/digits`, apiRevision: '2' };
      await apim.api.beginCreateOrUpdateAndWait(...at, 'digits;rev=2', revision);
      await apim.apiRelease.createOrUpdate(...at, 'digits', 'one', { apiId: '/apis/digits;rev=2', notes: 'x' });
      const current = [];
      for await (const one of apim.apiRevision.listByService(...at, 'digits')) if (one['isCurrent']) current.push(one);
      expect(current).toMatchObject([{ apiRevision: '2' }]);
      expect(await apim.api.get(...at, 'digits')).toMatchObject({ apiRevision: '2', path: 'digits' });
      await apim.api.beginDeleteAndWait(...at, 'digits', '*', { deleteRevisions: true });
      await expect(apim.api.get(...at, 'digits')).rejects.toMatchObject({ statusCode: 404 });
    } finally {
      await made.azure.close();
    }
  });
});
