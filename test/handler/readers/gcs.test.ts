import { createVerify, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { googleCredentials } from '../../../src/handler/readers/credentials/google.ts';
import { GcsObjects, openGcsReader } from '../../../src/handler/readers/gcs.ts';
import { openRemoteReader } from '../../../src/handler/readers/remote.ts';
import type { StoreSource } from '../../../src/handler/readers/source.ts';
import { bytesOf } from '../../contracts/reader.ts';
import { credentialServer, given, onlyWith } from '../../fakes/handler/credential-server.ts';
import { describedMedia, gcsError, scriptedGcs } from '../../fakes/stores/gcs-server.ts';
import type { ScriptedServer } from '../../fakes/stores/script-server.ts';

let metadata: ScriptedServer;
let storage: ScriptedServer;
beforeEach(async () => {
  metadata = await credentialServer();
  storage = await scriptedGcs();
});
afterEach(async () => {
  await metadata.close();
  await storage.close();
});

const tokenPath = '/computeMetadata/v1/instance/service-accounts/default/token';
const token = (access_token: string, expires_in = 3599) => ({ access_token, expires_in, token_type: 'Bearer' });
const variables = () => ({ GCE_METADATA_HOST: new URL(metadata.endpoint).host });
const source = (): StoreSource => ({ store: 'gcs', bucket: 'bucket', root: 'models', endpoint: storage.endpoint });
const media = (body: Uint8Array | string, headers = {}) => ({
  status: 200,
  headers: { ...describedMedia(Buffer.byteLength(body)), ...headers },
  body,
});

describe('tokens of Google', () => {
  it('come from the metadata server, and are renewed before they end', async () => {
    metadata.on(`GET ${tokenPath}`, onlyWith('metadata-flavor', 'Google', token('ya29.one')));
    let now = 1000;
    const renewed = googleCredentials(variables(), () => now);
    expect(await renewed.get()).toEqual({ token: 'ya29.one', expiresAt: 1000 + 3_599_000 });
    metadata.on(`GET ${tokenPath}`, given(token('ya29.two')));
    now += 3_599_000 - 300_000;
    expect(await renewed.get()).toMatchObject({ token: 'ya29.two' });
    expect(metadata.received).toHaveLength(2);
  });

  it.each(['metadata.example', '10.1.2.3'])('are not asked for at %s, where others could listen', async (host) => {
    const asking = googleCredentials({ GCE_METADATA_HOST: host }).get();
    const message = expect.stringMatching(/^GCE_METADATA_HOST: expected/) as unknown;
    await expect(asking).rejects.toMatchObject({ code: 'store-denied', message });
  });

  it.each([
    [{ status: 404, body: 'secret' }, 'store-denied', /^No Google credentials: .* answered 404/],
    [{ status: 503, body: 'secret' }, 'store-unavailable', /answered 503/],
    [given('secret'), 'store-denied', /there is no access_token/],
    [given(token('secret', 0)), 'store-denied', /no time left/],
  ])('that do not come are explained: %o', async (answer, code, words) => {
    metadata.on(`GET ${tokenPath}`, answer);
    const failed = await googleCredentials(variables())
      .get()
      .catch((error) => error);
    expect(failed).toMatchObject({ code, message: expect.stringMatching(words) });
    expect(failed.message).not.toContain('secret');
  });
});

describe("a service account's key", () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let file: string;
  beforeEach(() => {
    file = join(mkdtempSync(join(tmpdir(), 'coldgate-key-')), 'key.json');
  });
  afterEach(() => rmSync(join(file, '..'), { recursive: true }));
  const write = (fields: object = {}): void => {
    const key = {
      type: 'service_account',
      client_email: 'reader@project.iam.gserviceaccount.com',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      private_key_id: 'key-1',
      token_uri: `${metadata.endpoint}/token`,
      ...fields,
    };
    writeFileSync(file, JSON.stringify(key));
  };
  const find = () => googleCredentials({ GOOGLE_APPLICATION_CREDENTIALS: file }, () => 1_800_000_000_500).get();

  it('signs an assertion that is exchanged for a token', async () => {
    write();
    metadata.on('POST /token', given(token('ya29.key')));
    expect(await find()).toMatchObject({ token: 'ya29.key' });
    const form = new URLSearchParams(metadata.received[0]?.body.toString());
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const parsed = [head, claims].map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown);
    expect(parsed).toEqual([
      { alg: 'RS256', typ: 'JWT', kid: 'key-1' },
      {
        iss: 'reader@project.iam.gserviceaccount.com',
        scope: 'https://www.googleapis.com/auth/devstorage.read_only',
        aud: `${metadata.endpoint}/token`,
        iat: 1_800_000_000,
        exp: 1_800_003_600,
      },
    ]);
    const check = createVerify('RSA-SHA256').update(`${head}.${claims}`);
    expect(check.verify(publicKey, signature, 'base64url')).toBe(true);
  });

  it.each([
    [{ private_key: 'secret' }, /^The private_key in the file of GOOGLE_APPLICATION_CREDENTIALS is not a PEM key/],
    [
      { token_uri: 'http://oauth.example/token' },
      /^token_uri of GOOGLE_APPLICATION_CREDENTIALS: expected an https URL/,
    ],
    [{ private_key: undefined }, /there is no private_key/],
    [{ type: 'external_account', private_key: undefined }, /type service_account/],
  ])('that cannot be used is refused: %o', async (fields, words) => {
    write(fields);
    await expect(find()).rejects.toMatchObject({ code: 'store-denied', message: expect.stringMatching(words) });
    expect(metadata.received).toEqual([]);
  });

  it('that is not there is refused', async () => {
    const message = 'The file that GOOGLE_APPLICATION_CREDENTIALS names cannot be read (ENOENT).';
    await expect(find()).rejects.toMatchObject({ code: 'store-denied', message });
  });
});

describe('the GCS reader', () => {
  const reader = () =>
    openRemoteReader(new GcsObjects(source(), new URL(storage.endpoint), googleCredentials(variables()), undefined));

  it('asks with its token, by generation, for the bytes as they are stored', async () => {
    metadata.on(`GET ${tokenPath}`, given(token('ya29.one')));
    const packed = gzipSync('unpacked');
    storage.on('media', media(packed, { 'content-encoding': 'gzip' }));
    const object = await reader().read('a b/ü.bin', { ifChanged: 'gcs:6' });
    if (object === 'unchanged') throw new Error('the generation is another');
    expect([object.token, (await bytesOf(object)).equals(packed)]).toEqual(['gcs:7', true]);
    const [{ path = '', query, headers } = { query: new URLSearchParams(), headers: {} }] = storage.received;
    expect(path).toBe('/storage/v1/b/bucket/o/models/a b/ü.bin');
    expect(Object.fromEntries(query)).toEqual({ alt: 'media', ifGenerationNotMatch: '6' });
    expect(headers).toMatchObject({ authorization: 'Bearer ya29.one', 'accept-encoding': 'gzip' });
  });

  it('takes 304 for unchanged, and so the same generation where the condition is not known', async () => {
    metadata.on(`GET ${tokenPath}`, given(token('ya29.one')));
    storage.on('media', { status: 304 }, media('x'));
    expect(await reader().read('a', { ifChanged: 'gcs:7' })).toBe('unchanged');
    expect(await reader().read('a', { ifChanged: 'gcs:7' })).toBe('unchanged');
  });

  it('refuses bytes that were unpacked on their way', async () => {
    metadata.on(`GET ${tokenPath}`, given(token('ya29.one')));
    storage.on('media', media('unpacked', { 'x-goog-stored-content-length': '40' }));
    await expect(reader().read('a')).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('other than stored'),
    });
  });

  it('renews a token that is refused, once', async () => {
    metadata.on(`GET ${tokenPath}`, given(token('ya29.one')), given(token('ya29.two')));
    storage.on('media', gcsError(401, 'authError'), media('x'));
    expect((await bytesOf(await reader().read('a'))).toString()).toBe('x');
    expect(storage.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer ya29.one',
      'Bearer ya29.two',
    ]);
    storage.on('media', gcsError(401, 'authError'));
    await expect(reader().read('a')).rejects.toMatchObject({ code: 'store-denied' });
  });

  it('says which permission is missing on what', async () => {
    metadata.on(`GET ${tokenPath}`, given(token('ya29.one')));
    storage.on('media', gcsError(403, 'forbidden'));
    const message = expect.stringContaining('storage.objects.get on gs://bucket/models/a') as unknown;
    await expect(reader().read('a')).rejects.toMatchObject({ code: 'store-denied', message });
    storage.on('media', gcsError(404, 'notFound'));
    const missing = 'There is no a in gs://bucket/models.';
    await expect(reader().read('a')).rejects.toMatchObject({ code: 'model-not-found', message: missing });
  });

  it('gives its token to Google alone', async () => {
    storage.on('media', media('x'));
    const other = openGcsReader(source(), variables());
    expect((await bytesOf(await other.read('a'))).toString()).toBe('x');
    expect(storage.received[0]?.headers).not.toHaveProperty('authorization');
    expect(metadata.received).toEqual([]);
  });
});
