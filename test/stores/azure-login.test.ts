import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openAzureStore } from '../../src/stores/azure.ts';
import type { Store } from '../../src/stores/store.ts';
import { lacksPrograms } from '../emulators/commands.ts';
import { describePart } from '../emulators/servers.ts';
import {
  account,
  accountKey,
  azureEnvironment,
  azureError,
  azureProtocol,
  scriptedAzure,
} from '../fakes/stores/azure-server.ts';
import { trustedCertificate } from '../fakes/stores/certificate.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { type Answer, ScriptedServer } from '../fakes/stores/script-server.ts';

azureEnvironment();

const url = `azure://${account}/container/models`;
const key = 'digits/current.json';

let server: ScriptedServer;
afterEach(() => server?.close());

/** A token as Entra ID makes them, as far as anybody here looks into it. */
const tokenOf = (claims: object) =>
  `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.secret`;

const delegationKey: Answer = {
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0"?><UserDelegationKey><SignedOid>oid</SignedOid><SignedTid>tid</SignedTid><SignedStart>2026-11-24T08:00:00Z</SignedStart><SignedExpiry>2026-11-30T08:00:00Z</SignedExpiry><SignedService>b</SignedService><SignedVersion>2020-02-10</SignedVersion><Value>${accountKey}</Value></UserDelegationKey>`,
};

describePart('openssl', lacksPrograms('openssl'), 'Azure with a token of Entra ID', () => {
  const token = tokenOf({ oid: '11111111-2222-3333-4444-555555555555' });
  let tokenScopes: unknown[];
  let store: Store;
  beforeEach(async () => {
    server = await new ScriptedServer(azureProtocol, trustedCertificate()).start();
    tokenScopes = [];
    const credential = {
      getToken: async (scopes: string | string[]) => {
        tokenScopes.push(scopes);
        return { token, expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    };
    store = await openAzureStore({ url, endpoint: server.endpoint }, { credential, attempts: 2, stallMs: 1000 });
  });

  it('sends it with each request', async () => {
    await store.put(key, Buffer.from('{}'), 'absent');
    expect(server.received[0]?.headers.authorization).toBe(`Bearer ${token}`);
    expect([tokenScopes[0]].flat()).toEqual(['https://storage.azure.com/.default']);
  });

  it('names who may not do what, and the command that grants it', async () => {
    server.on('put', azureError(403, 'AuthorizationPermissionMismatch'));
    const thrown = await store.put(key, Buffer.from('{}'), 'absent').catch((error: unknown) => error);
    const principal = '11111111-2222-3333-4444-555555555555';
    const permission = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write';
    expect(thrown).toMatchObject({
      code: 'denied',
      exit: 8,
      message: `${principal} may not create in ${url}: ${permission} is missing (AuthorizationPermissionMismatch).`,
      hint: expect.stringMatching(
        `az role assignment create --assignee ${principal} --role "Storage Blob Data Contributor" --scope .*storageAccounts/${account}/blobServices/default/containers/container`,
      ),
      data: { permission, principal },
    });
    expect(inspect(thrown, { depth: 9 })).not.toContain(token);
  });

  it('names for each request the permission that it needs', async () => {
    const refused = azureError(403, 'AuthorizationFailure');
    for (const action of ['put', 'get', 'head', 'list', 'delete', 'delegate']) server.on(action, refused);
    const message = (work: Promise<unknown>) =>
      work.then(String, (error: Error & { hint?: string }) => `${error.message} ${error.hint}`);
    expect(await message(store.put(key, Buffer.from('1'), { unchanged: 'azure:"0x7"' }))).toMatch(
      /blobs\/write is missing.*Contributor/,
    );
    expect(await message(store.get(key))).toMatch(/blobs\/read is missing.*Reader.*network rules/);
    expect(await message(store.head(key))).toMatch(/blobs\/read is missing/);
    expect(await message(store.list('')[Symbol.asyncIterator]().next())).toMatch(
      /may not list .*blobs\/read is missing/,
    );
    expect(await message(store.remove(key, { unchanged: 'azure:"0x7"' }))).toMatch(/blobs\/delete is missing/);
    expect(await message(store.signedUrl(key, 60))).toMatch(
      /generateUserDelegationKey\/action is missing.*Storage Blob Delegator/,
    );
  });

  it('signs links with a key that Entra ID gives for it', async () => {
    server.on('delegate', delegationKey);
    const link = new URL((await store.signedUrl('with space/a+b', 600)).url);
    expect(link.pathname).toBe(`/${account}/container/models/with%20space/a%2Bb`);
    const signed = Object.fromEntries(link.searchParams);
    expect(signed).toMatchObject({ sp: 'r', sr: 'b', spr: 'https', skoid: 'oid', sktid: 'tid' });
    expect(Date.parse(signed['se'] ?? '') - Date.now()).toBeLessThanOrEqual(600_000);
    const body = server.of('delegate')[0]?.body.toString() ?? '';
    const [start = '', end = ''] = [...body.matchAll(/T?>(\d{4}-[^<]+)</g)].map(([, date]) => date);
    expect(Date.parse(end) - Date.parse(start)).toBeLessThanOrEqual(7 * 24 * 3_600_000);
  });

  it('asks for no key longer than the week that it can be valid for', async () => {
    server.on('delegate', delegationKey);
    const link = await store.signedUrl(key, 604_800);
    // The service gave a key that ends before: the link ends with it.
    expect([link.expires.toISOString(), link.endsWith]).toEqual([
      '2026-11-30T08:00:00.000Z',
      expect.stringContaining('key'),
    ]);
    const [start = '', end = ''] = [
      ...(server.of('delegate')[0]?.body.toString() ?? '').matchAll(/>(\d{4}-[^<]+)</g),
    ].map(([, date]) => date);
    expect(Date.parse(end) - Date.parse(start)).toBe(7 * 24 * 3_600_000);
  });

  it('says that no token is to be had, and how to log in', async () => {
    vi.stubEnv('AZURE_STORAGE_CONNECTION_STRING', undefined);
    const without = await openAzureStore({ url, endpoint: server.endpoint }, { attempts: 2 });
    await expect(without.put(key, Buffer.from('{}'), 'absent')).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringContaining(`There are no Azure credentials to open ${url} with`),
      hint: expect.stringMatching(/azure\/login .*az login/),
    });
    expect(server.received).toEqual([]);
  });
});

describe('Azure without a token', () => {
  beforeEach(async () => {
    server = await scriptedAzure();
  });

  it('uses the key of a connection string, and only for the account that it is of', async () => {
    const store = await openAzureStore({ url, endpoint: server.endpoint });
    await store.put(key, Buffer.from('{}'), 'absent');
    expect(server.received[0]?.headers.authorization).toMatch(new RegExp(`^SharedKey ${account}:`));
    // Another account's key would be tried in vain; a token would go over the wire in the open.
    const other = openAzureStore({ url: 'azure://otheraccount/container', endpoint: server.endpoint });
    await expect(other).rejects.toMatchObject({ code: 'bad-input', message: expect.stringContaining('otheraccount') });
  });

  it('uses the signature of a connection string, and shows it to nobody', async () => {
    const signature = 'sv=2024-01-01&ss=b&srt=co&sp=rl&sig=c2VjcmV0LXNpZ25hdHVyZQ%3D%3D';
    const connection = `BlobEndpoint=https://${account}.blob.core.windows.net/;SharedAccessSignature=${signature}`;
    vi.stubEnv('AZURE_STORAGE_CONNECTION_STRING', connection);
    const store = await openAzureStore({ url, endpoint: server.endpoint });
    server.on('put', azureError(403, 'AuthorizationPermissionMismatch'));
    const thrown = await store.put(key, Buffer.from('{}'), 'absent').catch((error: unknown) => error);
    expect(server.received[0]?.query.get('sig')).toBe('c2VjcmV0LXNpZ25hdHVyZQ==');
    expect(thrown).toMatchObject({ code: 'denied', message: expect.stringContaining('does not allow to create') });
    expect(inspect(thrown, { depth: 9 })).not.toMatch(/c2VjcmV0LXNpZ25hdHVyZQ/);
    expect(await errorCode(store.signedUrl(key, 60))).toBe('unsupported');
  });

  it.each(['nonsense', 'AccountName=x', `DefaultEndpointsProtocol=https;AccountName=${account};AccountKey=`])(
    'says that a connection string is none: %s',
    async (text) => {
      vi.stubEnv('AZURE_STORAGE_CONNECTION_STRING', text);
      const opened = openAzureStore({ url });
      await expect(opened).rejects.toMatchObject({
        code: 'bad-input',
        message: expect.stringContaining('AZURE_STORAGE_CONNECTION_STRING'),
      });
    },
  );

  it.each([0, -1, 1.5, 604_801, Number.NaN])('makes no link for %d seconds', async (seconds) => {
    const store = await openAzureStore({ url, endpoint: server.endpoint });
    expect(await errorCode(store.signedUrl(key, seconds))).toBe('bad-validity');
  });
});

describe('settings of Azure', () => {
  it.each([
    [{ url: 'azure://account' }],
    [{ url: 'azure://Account/container' }],
    [{ url: 'azure://account/Container' }],
    [{ url: 'azure://account/container/../other' }],
    [{ region: 'westeurope' }],
    [{ encryption: 'sse-s3' as const }],
    [{ kmsKey: 'key' }],
    [{ encryptionScope: 'a b' }],
    [{ endpoint: 'http://blobs.example.com' }],
  ])('that it cannot honour are refused: %j', async (settings) => {
    expect(await errorCode(openAzureStore({ url, ...settings }))).toBe('bad-input');
  });
});
