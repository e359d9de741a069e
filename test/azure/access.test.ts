import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unavailable } from './arm-error.ts';
import { type Azure, openAzure } from './azure.ts';
import { Client } from './client.ts';

let azure: Azure;
let client: Client;
beforeEach(async () => {
  azure = await openAzure();
  client = new Client(azure);
});
afterEach(() => azure.close());

const place = () => `${client.group}/providers/Microsoft.Web/sites/digits`;
const operation = () => `${place()}/operationResults/${azure.operations.begin(() => ({ name: 'digits' }))}`;

describe('tokens', () => {
  it('come from the address of a machine with an identity, and are of that identity', async () => {
    const { IDENTITY_ENDPOINT: url, IDENTITY_HEADER: secret = '' } = azure.environment;
    const tokenUrl = `${url}?api-version=2019-08-01&resource=${encodeURIComponent('https://management.azure.com')}`;
    const answer = await fetch(tokenUrl, { headers: { 'x-identity-header': secret } });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { oid: string };
    expect(claims.oid).toBe(azure.pipeline.oid);
    client.token = token;
    expect((await client.ask('GET', operation())).status).toBe(202);
    expect((await fetch(tokenUrl)).status).toBe(400);
  });

  it.each([
    ['none', () => 'nonsense', 'AuthenticationFailed'],
    ['of another audience', () => client.tokenFor('https://storage.azure.com/'), 'InvalidAuthenticationTokenAudience'],
  ])('that are %s open nothing', async (_what, token, code) => {
    client.token = token();
    const reply = await client.ask('GET', operation());
    expect([reply.status, Client.errorOf(reply).code]).toEqual([401, code]);
  });

  it('end', async () => {
    azure.context.tokens.expire();
    const reply = await client.ask('GET', operation());
    expect([reply.status, Client.errorOf(reply).code]).toEqual([401, 'ExpiredAuthenticationToken']);
  });
});

describe('requests', () => {
  it.each([
    ['no api-version', (path: string) => `${path}?api-version=`, 'NoRegisteredProviderFound'],
    ['another api-version', (path: string) => `${path}?api-version=2022-03-01`, 'NoRegisteredProviderFound'],
    [
      'a parameter of no description',
      (path: string) => `${path}?mine=1&api-version=2025-05-01`,
      'InvalidRequestContent',
    ],
  ])('with %s are refused, and told to the test', async (_what, url, code) => {
    const reply = await client.ask('GET', url(operation()));
    expect([reply.status, Client.errorOf(reply).code]).toEqual([400, code]);
    expect(azure.violations()).toHaveLength(1);
  });

  it('for what is not there are refused, and told to the test', async () => {
    expect((await client.ask('GET', `${client.group}/providers/Microsoft.Web/certificates/mine`)).status).toBe(404);
    expect(azure.violations()).toHaveLength(1);
  });
});

describe('long operations', () => {
  it('are seen running before they are done, by both of their addresses', async () => {
    azure.knobs.looks = 2;
    const id = azure.operations.begin(() => ({ name: 'digits' }));
    const { headers = {} } = azure.operations.accepted(id, place());
    const status = async () => (await client.ask('GET', headers['azure-asyncoperation'] ?? '')).json['status'];
    expect([await status(), await status(), await status()]).toEqual(['InProgress', 'InProgress', 'Succeeded']);
    expect(await client.ask('GET', headers['location'] ?? '')).toMatchObject({ status: 200, json: { name: 'digits' } });
  });
});

describe('permissions', () => {
  const may = (actions: string[]) => {
    const someone = azure.context.iam.create('someone');
    azure.context.iam.grant(someone.oid, { actions }, client.group);
    client.token = client.tokenFor('https://management.azure.com/', someone);
    return someone;
  };

  it.each([
    ['GET', 'sites/digits', 'Microsoft.Web/sites/read'],
    ['DELETE', 'sites/digits', 'Microsoft.Web/sites/delete'],
    ['POST', 'sites/digits/config/appsettings/list', 'Microsoft.Web/sites/config/list/action'],
    ['POST', 'sites/digits/host/default/listkeys', 'Microsoft.Web/sites/host/listkeys/action'],
    ['POST', 'sites/digits/host/default/sync', 'Microsoft.Web/sites/host/sync/action'],
    [
      'GET',
      'sites/digits/hostruntime/admin/host/status?api-version=2022-03-01',
      'Microsoft.Web/sites/hostruntime/host/read',
    ],
    ['POST', 'sites/digits/slots/next/host/default/listkeys', 'Microsoft.Web/sites/slots/host/listkeys/action'],
    ['GET', 'serverfarms', 'Microsoft.Web/serverfarms/read'],
  ])('%s %s needs %s', async (method, path, action) => {
    const who = may([]);
    const reply = await client.ask(method, `${client.group}/providers/Microsoft.Web/${path}`);
    const { code, message } = Client.errorOf(reply);
    expect([reply.status, code]).toEqual([403, 'AuthorizationFailed']);
    expect(message).toContain(`perform action '${action}' over scope '${client.group}/providers/Microsoft.Web/`);
    expect(message).toContain(`with object id '${who.oid}'`);
    expect(azure.calls().at(-1)?.needs).toMatchObject([{ action }]);
  });

  it('of a site are not those of joining its plan', async () => {
    may(['Microsoft.Web/sites/*']);
    const reply = await client.ask('PUT', `${client.group}/providers/Microsoft.Web/sites/digits`, {
      ...{ location: 'westeurope', kind: 'functionapp,linux' },
      properties: { serverFarmId: `${client.group}/providers/Microsoft.Web/serverfarms/digits-plan` },
    });
    expect([reply.status, Client.errorOf(reply).code]).toEqual([403, 'LinkedAuthorizationFailed']);
    expect(Client.errorOf(reply).message).toContain('Microsoft.Web/serverfarms/join/action');
  });

  it('may be taken from everyone', async () => {
    azure.deny('Microsoft.Web/sites/read');
    const path = `${client.group}/providers/Microsoft.Web/sites`;
    expect((await client.ask('GET', path)).status).toBe(403);
    azure.allow('Microsoft.Web/sites/read');
    expect((await client.ask('GET', path)).status).toBe(200);
  });
});

describe('faults', () => {
  it('leave a call undone, or done with an answer that is lost', async () => {
    const path = `${client.group}/providers/Microsoft.Web/serverfarms/digits-plan`;
    const plan = { location: 'westeurope', kind: 'functionapp', properties: { reserved: true } };
    const put = () => client.ask('PUT', path, { ...plan, sku: { name: 'FC1', tier: 'FlexConsumption' } });
    azure.context.fault = () => 'unheard';
    await expect(put()).rejects.toThrow();
    expect(azure.web.plans.size).toBe(0);
    azure.context.fault = () => 'lost';
    await expect(put()).rejects.toThrow();
    expect(azure.web.plans.size).toBe(1);
    azure.context.fault = () => unavailable();
    expect((await put()).status).toBe(503);
  });
});
