import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Azure, openAzure } from './azure.ts';
import { Client } from './client.ts';

let azure: Azure;
let client: Client;
beforeEach(async () => {
  azure = await openAzure();
  client = new Client(azure);
});
afterEach(() => azure.close());

const place = () => `/subscriptions/${azure.subscription}/providers/Microsoft.Web/locations/westeurope`;
const operation = () => `${place()}/operationResults/${azure.operations.begin(() => ({ name: 'digits' }))}`;

describe('tokens', () => {
  it('come from the address of a machine with an identity, and are of that identity', async () => {
    const { IDENTITY_ENDPOINT: url, IDENTITY_HEADER: secret = '' } = azure.environment;
    const asked = `${url}?api-version=2019-08-01&resource=${encodeURIComponent('https://management.azure.com')}`;
    const answer = await fetch(asked, { headers: { 'x-identity-header': secret } });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { oid: string };
    expect(claims.oid).toBe(azure.pipeline.oid);
    client.token = token;
    expect((await client.ask('GET', operation())).status).toBe(202);
    expect((await fetch(asked)).status).toBe(400);
  });

  it.each([
    ['none', () => 'nonsense', 'AuthenticationFailed'],
    ['of another audience', () => client.tokenFor('https://storage.azure.com/'), 'InvalidAuthenticationTokenAudience'],
  ])('that are %s open nothing', async (_what, token, code) => {
    client.token = token();
    const said = await client.ask('GET', operation());
    expect([said.status, Client.errorOf(said).code]).toEqual([401, code]);
  });

  it('end', async () => {
    azure.world.tokens.expire();
    const said = await client.ask('GET', operation());
    expect([said.status, Client.errorOf(said).code]).toEqual([401, 'ExpiredAuthenticationToken']);
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
    const said = await client.ask('GET', url(operation()));
    expect([said.status, Client.errorOf(said).code]).toEqual([400, code]);
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
    const { headers = {} } = azure.operations.accepted(id, 'westeurope');
    const status = async () => (await client.ask('GET', headers['azure-asyncoperation'] ?? '')).json['status'];
    expect([await status(), await status(), await status()]).toEqual(['InProgress', 'InProgress', 'Succeeded']);
    expect(await client.ask('GET', headers['location'] ?? '')).toMatchObject({ status: 200, json: { name: 'digits' } });
  });
});
