import { createHash, createVerify, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openGcsStore } from '../../src/stores/gcs.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { gcsError, googleEnvironment, json, scriptedGcs } from '../fakes/stores/gcs-server.ts';
import { type Protocol, ScriptedServer } from '../fakes/stores/script-server.ts';

googleEnvironment();

const key = 'digits/current.json';
const account = 'publisher@project.iam.gserviceaccount.com';
const secretToken = 'ya29.secret-of-the-tests';

let server: ScriptedServer;
let folder: string;
beforeEach(async () => {
  server = await scriptedGcs();
  folder = mkdtempSync(join(tmpdir(), 'coldgate-login-'));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const opened = (limits = {}) =>
  openGcsStore({ url: 'gs://bucket/models', endpoint: server.endpoint }, { logInAnyway: true, attempts: 1, ...limits });

function useCredentials(credentials: object): void {
  const path = join(folder, 'credentials.json');
  writeFileSync(path, JSON.stringify(credentials));
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', path);
}

/** Gives out tokens, takes the roles of accounts and signs, as Google's services for these do. */
const tokens: Protocol = {
  actionOf: (_method, url) => /:(\w+)$/.exec(url.pathname)?.[1] ?? url.pathname.slice(1),
  usual: (action) => {
    if (action === 'generateAccessToken') return json({ accessToken: secretToken, expireTime: '2999-01-01T00:00:00Z' });
    if (action === 'signBlob') return json({ signedBlob: Buffer.from('signed').toString('base64') });
    return json({ access_token: secretToken, token_type: 'Bearer', expires_in: 3600 });
  },
};

/** Workload identity, as google-github-actions/auth sets it up. */
async function federated(work: (google: ScriptedServer) => Promise<void>, asAccount = false): Promise<void> {
  const google = await new ScriptedServer(tokens).start();
  writeFileSync(join(folder, 'oidc'), 'secret-subject-token');
  useCredentials({
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/github',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${google.endpoint}/token`,
    credential_source: { file: join(folder, 'oidc') },
    ...(asAccount
      ? { service_account_impersonation_url: `${google.endpoint}/v1/serviceAccounts/${account}:generateAccessToken` }
      : {}),
  });
  try {
    await work(google);
  } finally {
    await google.close();
  }
}

describe('logging in to Google Cloud Storage', () => {
  it('sends the token of the workload’s identity with each request, asked for once', async () => {
    await federated(async (google) => {
      await opened().put(key, Buffer.from('{}'), 'absent');
      await opened().head(key);
      const store = opened();
      await Promise.all([store.head(key), store.head(key)]);
      expect(new Set(server.received.map(({ headers }) => headers.authorization))).toEqual(
        new Set([`Bearer ${secretToken}`]),
      );
      expect(google.received.length).toBeLessThanOrEqual(4);
    });
  });

  it('gives servers that are not Google’s nothing', async () => {
    await federated(async (google) => {
      await openGcsStore({ url: 'gs://bucket', endpoint: server.endpoint }).head(key);
      expect(server.received[0]?.headers.authorization).toBeUndefined();
      expect(google.received).toEqual([]);
    });
  });

  it('takes the emulator of STORAGE_EMULATOR_HOST, without credentials', async () => {
    vi.stubEnv('STORAGE_EMULATOR_HOST', server.endpoint);
    await openGcsStore({ url: 'gs://bucket' }).head(key);
    expect(server.received).toHaveLength(1);
    expect(server.received[0]?.headers.authorization).toBeUndefined();
  });

  it('without credentials says how to get some, and sends nothing', async () => {
    await expect(opened().put(key, Buffer.from('{}'), 'absent')).rejects.toMatchObject({
      code: 'denied',
      exit: 8,
      message: 'There are no Google Cloud credentials to open gs://bucket/models with.',
      hint: expect.stringMatching(/google-github-actions\/auth .*gcloud auth application-default login/),
    });
    expect(server.received).toEqual([]);
  });

  it('tells that the workload’s identity is not taken, and keeps the tokens to itself', async () => {
    await federated(async (google) => {
      google.on('token', {
        status: 400,
        headers: { 'content-type': 'application/json' },
        body: '{"error":"invalid_grant","error_description":"The audience in secret-subject-token is wrong: subject_token=secret-subject-token"}',
      });
      const thrown = await opened()
        .head(key)
        .catch((error: unknown) => error);
      expect(thrown).toMatchObject({ code: 'denied', message: expect.stringContaining('invalid_grant') });
      expect(inspect(thrown, { depth: 9 })).not.toMatch(/subject_token=secret/);
      expect(inspect(thrown, { depth: 9 })).not.toContain(secretToken);
    });
  });

  it('tells of a clock that is wrong', async () => {
    await federated(async (google) => {
      google.on('token', {
        status: 400,
        headers: { 'content-type': 'application/json' },
        body: '{"error":"invalid_grant","error_description":"Token must be in a reasonable timeframe. Check your iat and exp values."}',
      });
      const wrong = { code: 'denied', exit: 8, hint: 'Set the clock of this machine.' };
      await expect(opened().head(key)).rejects.toMatchObject(wrong);
    });
  });

  it('tells that the identity may not act as the account', async () => {
    await federated(async (google) => {
      const message = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).";
      google.on('generateAccessToken', gcsError(403, 'IAM_PERMISSION_DENIED', message));
      await expect(opened().head(key)).rejects.toMatchObject({
        code: 'denied',
        message: expect.stringContaining('iam.serviceAccounts.getAccessToken'),
        hint: expect.stringContaining('roles/iam.workloadIdentityUser'),
      });
    }, true);
  });

  it('tells an identity service that cannot be reached from a refusal', async () => {
    await federated(async (google) => {
      await google.close();
      expect(await errorCode(opened().head(key))).toBe('store-unavailable');
    });
  });
});

describe('a denial of Google Cloud Storage', () => {
  const denied = (permission: string) =>
    gcsError(
      403,
      'forbidden',
      `${account} does not have ${permission} access to the Google Cloud Storage object. Permission '${permission}' denied on resource (or it may not exist).`,
    );

  it('names who lacks what, and the command that grants it', async () => {
    server.on('insert', denied('storage.objects.create'));
    const put = openGcsStore({ url: 'gs://bucket/models', endpoint: server.endpoint }).put(
      key,
      Buffer.from('{}'),
      'absent',
    );
    await expect(put).rejects.toMatchObject({
      code: 'denied',
      exit: 8,
      message: `${account} may not create in gs://bucket/models: storage.objects.create on gs://bucket/models/${key} is missing.`,
      hint: `Grant roles/storage.objectUser: gcloud storage buckets add-iam-policy-binding gs://bucket --member=serviceAccount:${account} --role=roles/storage.objectUser`,
      data: { permission: 'storage.objects.create', principal: account, resource: `gs://bucket/models/${key}` },
    });
  });

  it('names the permission that the request needs where Google does not', async () => {
    const store = openGcsStore({ url: 'gs://bucket', endpoint: server.endpoint });
    const refused = gcsError(403, 'forbidden', 'Forbidden');
    for (const action of ['insert', 'media', 'list', 'delete', 'describe']) server.on(action, refused);
    const message = (work: Promise<unknown>) => work.then(String, (error: Error) => error.message);
    expect(await message(store.put(key, Buffer.from('1'), { unchanged: 'gs:7' }))).toContain('storage.objects.delete');
    expect(await message(store.get(key))).toContain('storage.objects.get');
    expect(await message(store.head(key))).toContain('storage.objects.get');
    expect(await message(store.list('')[Symbol.asyncIterator]().next())).toContain(
      'storage.objects.list on gs://bucket ',
    );
    expect(await message(store.remove(key, { unchanged: 'gs:7' }))).toContain('storage.objects.delete');
  });

  it('tells of the encryption key where that is what is closed', async () => {
    server.on(
      'insert',
      gcsError(
        403,
        'forbidden',
        'Permission denied on Cloud KMS key. Please ensure that your service account has access.',
      ),
    );
    const store = openGcsStore({ url: 'gs://bucket', endpoint: server.endpoint });
    await expect(store.put(key, Buffer.from('1'), 'absent')).rejects.toMatchObject({
      code: 'denied',
      hint: expect.stringContaining('roles/cloudkms.cryptoKeyEncrypterDecrypter'),
    });
  });
});

describe('links to objects of Google Cloud Storage', () => {
  it('are signed by the account’s own key, for so long', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    useCredentials({ type: 'service_account', client_email: account, private_key: pem, project_id: 'project' });
    const link = new URL((await opened().signedUrl('with space/a+b', 600)).url);
    expect(link.origin + link.pathname).toBe(`${server.endpoint}/bucket/models/with%20space/a%2Bb`);
    expect(link.searchParams.get('X-Goog-Expires')).toBe('600');
    const signature = Buffer.from(link.searchParams.get('X-Goog-Signature') ?? '', 'hex');
    link.searchParams.delete('X-Goog-Signature');
    const query = [...link.searchParams]
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .sort()
      .join('&');
    const request = ['GET', link.pathname, query, `host:${link.hostname}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n');
    const scope = link.searchParams.get('X-Goog-Credential')?.replace(`${account}/`, '');
    const digest = createHash('sha256').update(request).digest('hex');
    const signed = ['GOOG4-RSA-SHA256', link.searchParams.get('X-Goog-Date'), scope, digest].join('\n');
    expect(createVerify('RSA-SHA256').update(signed).verify(publicKey, signature)).toBe(true);
    expect(server.received).toEqual([]);
  });

  it.each([0, -1, 1.5, 604_801, Number.NaN])('are not made for %d seconds', async (seconds) => {
    expect(await errorCode(opened().signedUrl(key, seconds))).toBe('bad-validity');
  });

  it('are signed by Google for an account without a key', async () => {
    await federated(async (google) => {
      const store = opened({ signingEndpoint: `${google.endpoint}/v1/projects/-/serviceAccounts/` });
      const link = new URL((await store.signedUrl(key, 60)).url);
      expect(link.searchParams.get('X-Goog-Signature')).toBe(Buffer.from('signed').toString('hex'));
      expect(google.of('signBlob')[0]?.path).toContain(account);
      // Google promises its own keys for twelve hours.
      const day = await store.signedUrl(key, 24 * 3600);
      expect(day.expires.getTime() - Date.now()).toBeLessThanOrEqual(12 * 3_600_000);
      expect([new URL(day.url).searchParams.get('X-Goog-Expires'), day.endsWith]).toEqual([
        '43200',
        expect.stringContaining('key'),
      ]);
      const message = `Permission 'iam.serviceAccounts.signBlob' denied on resource (or it may not exist).`;
      google.on('signBlob', gcsError(403, 'IAM_PERMISSION_DENIED', message));
      await expect(store.signedUrl(key, 60)).rejects.toMatchObject({
        code: 'denied',
        message: expect.stringContaining('iam.serviceAccounts.signBlob is missing'),
        hint: expect.stringContaining('coldgateLinkSigner'),
      });
    }, true);
  });

  it('cannot be signed by an identity that is no service account', async () => {
    await federated(async () => {
      await expect(opened().signedUrl(key, 60)).rejects.toMatchObject({
        code: 'unsupported',
        hint: expect.stringContaining('service account'),
      });
    });
  });
});
