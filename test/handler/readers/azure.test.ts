import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAzureReader } from '../../../src/handler/readers/azure.ts';
import { readAccount } from '../../../src/handler/readers/azure-account.ts';
import { azureCredentials } from '../../../src/handler/readers/credentials/azure-identity.ts';
import { signSharedKey } from '../../../src/handler/readers/credentials/azure-shared-key.ts';
import type { StoreSource } from '../../../src/handler/readers/source.ts';
import type { Variables } from '../../../src/handler/settings.ts';
import { bytesOf } from '../../contracts/reader.ts';
import { credentialServer, given, onlyWith } from '../../fakes/handler/credential-server.ts';
import { account, accountKey, azureError, describedBlob, scriptedAzure } from '../../fakes/stores/azure-server.ts';
import type { ScriptedServer } from '../../fakes/stores/script-server.ts';

let identity: ScriptedServer;
let storage: ScriptedServer;
beforeEach(async () => {
  identity = await credentialServer();
  storage = await scriptedAzure();
});
afterEach(async () => {
  await identity.close();
  await storage.close();
});

const minute = 60_000;
const token = (access_token: string, endsMs: number) => ({ access_token, expires_on: String(endsMs / 1000) });
const platform = () => ({ IDENTITY_ENDPOINT: `${identity.endpoint}/msi/token`, IDENTITY_HEADER: 'identity-secret' });
const machine = () => ({ AZURE_POD_IDENTITY_AUTHORITY_HOST: identity.endpoint });
const imds = 'GET /metadata/identity/oauth2/token';
const source = (more: Partial<StoreSource> = {}): StoreSource => ({
  store: 'azure',
  bucket: `${account}/container`,
  root: 'models',
  endpoint: storage.endpoint,
  ...more,
});
const blob = (body: string) => ({ status: 200, headers: describedBlob(body.length), body });

describe('tokens of a managed identity', () => {
  it("come from the platform's endpoint with its secret, and are renewed before they end", async () => {
    identity.on('GET /msi/token', onlyWith('x-identity-header', 'identity-secret', token('one', 60 * minute)));
    let now = 0;
    const renewed = azureCredentials({ ...platform(), ...machine() }, () => now);
    expect(await renewed.get()).toEqual({ token: 'one', expiresAt: 60 * minute });
    now = 55 * minute;
    identity.on('GET /msi/token', given(token('two', 120 * minute)));
    expect(await renewed.get()).toMatchObject({ token: 'two' });
    expect(identity.received.map(({ query }) => Object.fromEntries(query))).toEqual(
      Array(2).fill({ 'api-version': '2019-08-01', resource: 'https://storage.azure.com/' }),
    );
  });

  it("come from the machine's metadata elsewhere, for the identity that is named", async () => {
    identity.on(imds, onlyWith('metadata', 'true', token('one', 60 * minute)));
    const renewed = azureCredentials({ ...machine(), AZURE_CLIENT_ID: 'client-1' }, () => 0);
    expect(await renewed.get()).toMatchObject({ token: 'one' });
    expect(Object.fromEntries(identity.received[0]!.query)).toEqual({
      'api-version': '2018-02-01',
      resource: 'https://storage.azure.com/',
      client_id: 'client-1',
    });
  });

  it.each(['http://identity.example/msi', 'http://8.8.8.8/msi', 'identity'])(
    'are not asked for at %s, where others could listen',
    async (endpoint) => {
      const asking = azureCredentials({ IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: 's' }).get();
      const message = expect.stringMatching(/IDENTITY_ENDPOINT: expected an https URL/) as unknown;
      await expect(asking).rejects.toMatchObject({ code: 'store-denied', message });
    },
  );

  it.each([
    [{ status: 400, body: 'identity not found, secret' }, 'store-denied', /answered 400.*AZURE_CLIENT_ID/],
    [{ status: 500, body: 'secret' }, 'store-unavailable', /answered 500/],
    [given({ access_token: 'secret' }), 'store-denied', /there is no expires_on/],
    [given({ access_token: 'secret', expires_on: 'soon' }), 'store-denied', /no time/],
  ])('that do not come are explained: %o', async (answer, code, words) => {
    identity.on(imds, answer);
    const failed = await azureCredentials(machine())
      .get()
      .catch((error) => error);
    expect(failed).toMatchObject({ code, message: expect.stringMatching(words) });
    expect(failed.message).not.toContain('secret');
  });
});

describe('the Azure reader', () => {
  const withIdentity = () => openAzureReader(source(), machine());

  it('asks with its token, under conditions and in the version of the protocol', async () => {
    identity.on(imds, given(token('one', 4e12)));
    storage.on('get', blob('x'), { status: 304 });
    const object = await withIdentity().read('a b/ü+(1).bin');
    expect([object.token, (await bytesOf(object)).toString()]).toEqual(['azure:"0x7"', 'x']);
    expect(await withIdentity().read('a', { ifChanged: object.token })).toBe('unchanged');
    const [first, second] = storage.received;
    expect(first?.path).toBe(`/${account}/container/models/a b/ü+(1).bin`);
    expect(first?.headers).toMatchObject({ authorization: 'Bearer one', 'x-ms-version': '2021-12-02' });
    expect(second?.headers).toMatchObject({ 'if-none-match': '"0x7"' });
  });

  it('renews a token that is refused, once', async () => {
    identity.on(imds, given(token('one', 4e12)), given(token('two', 4e12)));
    storage.on('get', azureError(401, 'InvalidAuthenticationInfo'), blob('x'));
    expect((await bytesOf(await withIdentity().read('a'))).toString()).toBe('x');
    expect(storage.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer one', 'Bearer two']);
  });

  it('sends a shared access signature as it is, and nothing else', async () => {
    const sas = 'sv=2021-12-02&sr=c&sp=r&sig=a%2Bb%2Fc%3D';
    const variables = {
      ...machine(),
      AZURE_STORAGE_CONNECTION_STRING: `BlobEndpoint=${storage.endpoint}/;SharedAccessSignature=${sas}`,
    };
    storage.on('get', blob('x'));
    const reader = openAzureReader(source({ endpoint: undefined }), variables);
    expect((await bytesOf(await reader.read('a'))).toString()).toBe('x');
    expect(storage.received[0]?.query.get('sig')).toBe('a+b/c=');
    expect(storage.received[0]?.headers).not.toHaveProperty('authorization');
    expect(reader.url).toBe(`azure://${account}/container/models`);
    storage.on('get', azureError(403, 'AuthenticationFailed'));
    const failed = await reader.read('a').catch((error) => error);
    expect(failed.message).not.toMatch(/sig=|a%2Bb|sv=/);
  });

  it.each([
    [azureError(403, 'AuthorizationPermissionMismatch'), 'store-denied', 'the role Storage Blob Data Reader'],
    [azureError(403, 'AuthorizationFailure'), 'store-denied', 'network rules'],
    [azureError(404, 'ContainerNotFound'), 'model-not-found', `no container ${account}/container`],
    [azureError(404, 'BlobNotFound'), 'model-not-found', `no a in azure://${account}/container/models`],
    [azureError(409, 'BlobArchived'), 'store-unavailable', '409 BlobArchived'],
  ])('explains what is refused: %o', async (answer, code, words) => {
    identity.on(imds, given(token('one', 4e12)));
    storage.on('get', answer);
    const message = expect.stringContaining(words) as unknown;
    await expect(withIdentity().read('a')).rejects.toMatchObject({ code, message });
  });
});

describe('the key of an account', () => {
  it('signs the lines that Azure lays out', () => {
    // https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key; Azurite checks it in the contract.
    const headers = { 'x-ms-date': 'Fri, 26 Jun 2015 23:39:12 GMT', 'x-ms-version': '2015-02-21', range: 'bytes=0-9' };
    const query = [['timeout', '20'] as const, ['Comp', 'metadata'] as const];
    const key = Buffer.from(accountKey, 'base64');
    const text =
      'GET\n\n\n\n\n\n\n\n\n\n\nbytes=0-9\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n' +
      '/myaccount/mycontainer\ncomp:metadata\ntimeout:20';
    const signature = createHmac('sha256', key).update(text).digest('base64');
    expect(signSharedKey({ method: 'GET', path: '/mycontainer', query, headers }, { account: 'myaccount', key })).toBe(
      `SharedKey myaccount:${signature}`,
    );
  });

  const problems = (variables: Variables, more: Partial<StoreSource> = {}): unknown => {
    try {
      return readAccount(source({ endpoint: undefined, ...more }), variables).origin.href;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const connection = (text: string) => ({ AZURE_STORAGE_CONNECTION_STRING: text });

  it('is used where its account is', () => {
    const own = `AccountName=${account};AccountKey=${accountKey}`;
    expect(problems(connection(own))).toBe(`https://${account}.blob.core.windows.net/`);
    expect(problems(connection(`${own};EndpointSuffix=core.chinacloudapi.cn`))).toBe(
      `https://${account}.blob.core.chinacloudapi.cn/`,
    );
    const endpoints = [`https://${account}.blob.example/`, 'https://blobs.example/path'];
    for (const endpoint of endpoints) expect(problems(connection(own), { endpoint })).toBe(endpoint);
    expect(problems(connection(own), { endpoint: 'http://127.0.0.1:10000' })).toBe(`http://127.0.0.1:10000/${account}`);
    expect(problems({})).toBe(`https://${account}.blob.core.windows.net/`);
  });

  it.each([
    [`AccountName=other;AccountKey=${accountKey}`, 'AZURE_STORAGE_CONNECTION_STRING is of the account other'],
    [`AccountName=${account}`, 'expected AccountName with AccountKey, or SharedAccessSignature'],
    ['nonsense', 'expected AccountName with AccountKey, or SharedAccessSignature'],
    [`AccountName=${account};AccountKey=${accountKey};BlobEndpoint=http://blobs.example`, 'plain http is for loopback'],
  ])('is refused, and not repeated, in %s', (text, words) => {
    const problem = problems(connection(text));
    expect(problem).toContain(words);
    expect(problem).not.toContain(accountKey);
  });
});
