import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openS3Store } from '../../src/stores/s3.ts';
import type { Store } from '../../src/stores/store.ts';
import { describeWith } from '../emulators/servers.ts';
import { gathered } from '../fakes/stores/bodies.ts';
import { awsEnvironment, fakeCredentials } from '../fakes/stores/s3-environment.ts';
import { ScriptedS3, s3Error } from '../fakes/stores/s3-server.ts';
import type { Answer } from '../fakes/stores/script-server.ts';

awsEnvironment();

const url = 's3://bucket/models';
const key = 'digits/current.json';
const token = { unchanged: 's3:"e0"' };

let server: ScriptedS3;
let store: Store;
beforeEach(async () => {
  server = await new ScriptedS3().start();
  store = await openS3Store({ url, endpoint: server.endpoint, region: 'eu-west-1' }, { attempts: 2 });
});
afterEach(() => server.close());

/** Everything that can be read in an error, by people or in logs. */
async function messageOf(work: Promise<unknown>): Promise<string> {
  const thrown = await work.catch((error: unknown) => error);
  return inspect(thrown, { depth: 12, showHidden: true });
}

const operations: [action: string, permission: string, resource: string, run: () => Promise<unknown>][] = [
  ['PutObject', 's3:PutObject', `bucket/models/${key}`, () => store.put(key, Buffer.from('1'), 'absent')],
  ['GetObject', 's3:GetObject', `bucket/models/${key}`, () => store.get(key)],
  ['HeadObject', 's3:GetObject', `bucket/models/${key}`, () => store.head(key)],
  ['DeleteObject', 's3:DeleteObject', `bucket/models/${key}`, () => store.remove(key, token)],
  ['ListObjectsV2', 's3:ListBucket', 'bucket', () => gathered(store.list('digits/'))],
];

describe('S3 denies', () => {
  it.each(operations)('%s, and the error names the permission, the resource and the grant', async (...given) => {
    const [action, permission, resource, run] = given;
    server.on(action, s3Error(403, 'AccessDenied', 'Access Denied'));
    const arn = `arn:aws:s3:::${resource}`;
    await expect(run()).rejects.toMatchObject({
      code: 'denied',
      exit: 8,
      message: expect.stringContaining(`the identity of these credentials may not do ${permission} on ${arn}`),
      hint: expect.stringContaining(
        `Grant ${permission} on arn:aws:s3:::bucket${permission === 's3:ListBucket' ? '' : '/models/*'}`,
      ),
      data: { permission, resource: arn },
    });
  });

  it('says that without the right to list, missing objects are denied too', async () => {
    server.on('GetObject', s3Error(403, 'AccessDenied'));
    await expect(store.get(key)).rejects.toMatchObject({
      hint: expect.stringContaining('s3:ListBucket on arn:aws:s3:::bucket'),
    });
  });

  const words =
    'User: arn:aws:sts::123456789012:assumed-role/ci/run is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::bucket/models/digits/current.json" because no identity-based policy allows the s3:GetObject action';

  it('in words that name who it was, which the error repeats', async () => {
    server.on('GetObject', s3Error(403, 'AccessDenied', words));
    const message =
      'arn:aws:sts::123456789012:assumed-role/ci/run may not do s3:GetObject on arn:aws:s3:::bucket/models/digits/current.json because no identity-based policy allows the s3:GetObject action.';
    await expect(store.get(key)).rejects.toMatchObject({ message: expect.stringContaining(message) });
    // The answer to HEAD has no room for words, so they are asked for.
    server.on('HeadObject', { status: 403 });
    await expect(store.head(key)).rejects.toMatchObject({ message: expect.stringContaining(message) });
  });

  it('the key that encrypts, which is named', async () => {
    const kms =
      'User: arn:aws:iam::123456789012:user/ci is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:eu-west-1:123456789012:key/1 because no resource-based policy allows the kms:GenerateDataKey action';
    server.on('PutObject', s3Error(403, 'AccessDenied', kms));
    await expect(store.put(key, Buffer.from('1'), 'absent')).rejects.toMatchObject({
      message: expect.stringContaining('kms:GenerateDataKey on arn:aws:kms:eu-west-1:123456789012:key/1'),
      data: { permission: 'kms:GenerateDataKey', principal: 'arn:aws:iam::123456789012:user/ci' },
      hint: expect.stringContaining('arn:aws:kms:eu-west-1:123456789012:key/1'),
    });
  });

  it.each([
    ['ExpiredToken', 400],
    ['InvalidAccessKeyId', 403],
    ['SignatureDoesNotMatch', 403],
    ['InvalidToken', 400],
    ['TokenRefreshRequired', 400],
  ])('credentials with %s, and the error says how to log in', async (code, status) => {
    const secrets = `<Token-0>${fakeCredentials.AWS_SESSION_TOKEN}</Token-0><StringToSign>${fakeCredentials.AWS_SECRET_ACCESS_KEY}</StringToSign>`;
    server.on('PutObject', s3Error(status, code, 'words', secrets));
    await expect(store.put(key, Buffer.from('1'), 'absent')).rejects.toMatchObject({
      code: 'denied',
      hint: expect.stringMatching(/id-token: write.*configure-aws-credentials.*AWS_PROFILE/),
    });
  });

  it('and nothing secret is in any error', async () => {
    const { AWS_ACCESS_KEY_ID, ...secrets } = fakeCredentials;
    const more = Object.values(fakeCredentials).map((secret, n) => `<Token-${n}>${secret}</Token-${n}>`);
    const answers: Answer[] = [
      ...['InvalidToken', 'SignatureDoesNotMatch', 'AccessDenied'].map((code) =>
        s3Error(403, code, 'words', more.join('')),
      ),
      s3Error(500, 'InternalError', 'words', more.join('')),
      s3Error(409, 'ConditionalRequestConflict', 'words', more.join('')),
      s3Error(412, 'PreconditionFailed', 'words', more.join('')),
      (_request, response) => void response.destroy(),
    ];
    for (const answer of answers) {
      for (const [action, , , run] of operations) {
        server.on(action, answer);
        const text = await messageOf(run());
        for (const secret of [...Object.values(secrets), AWS_ACCESS_KEY_ID]) expect(text).not.toContain(secret);
        expect(text).not.toMatch(/authorization|x-amz-security-token/i);
      }
    }
  });
});

describeWith('moto', 'whom S3 denies without saying so', (moto) => {
  it('is asked of AWS, and named', async () => {
    const identified = await openS3Store(
      { url, endpoint: server.endpoint, region: 'eu-west-1' },
      { identityEndpoint: moto().endpoint },
    );
    server.on('PutObject', s3Error(403, 'AccessDenied', 'Access Denied'));
    await expect(identified.put(key, Buffer.from('1'), 'absent')).rejects.toMatchObject({
      message: expect.stringMatching(
        /denied PutObject: arn:aws:sts::123456789012:user\/moto may not do s3:PutObject on/,
      ),
      data: { principal: 'arn:aws:sts::123456789012:user/moto' },
    });
  });

  it('stays unnamed where AWS does not say', async () => {
    const { endpoint } = server;
    const lost = await openS3Store({ url, endpoint, region: 'eu-west-1' }, { identityEndpoint: 'http://127.0.0.1:1' });
    server.on('PutObject', s3Error(403, 'AccessDenied', 'Access Denied'));
    await expect(lost.put(key, Buffer.from('1'), 'absent')).rejects.toMatchObject({
      code: 'denied',
      data: { principal: null },
    });
  });
});

describe('a store on S3 without credentials', () => {
  it('says so, and how to log in', async () => {
    for (const name of Object.keys(fakeCredentials)) vi.stubEnv(name, undefined);
    const without = await openS3Store({ url, endpoint: server.endpoint });
    await expect(without.put(key, Buffer.from('1'), 'absent')).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringContaining(`No valid AWS credentials for PutObject in ${url}`),
      hint: expect.stringContaining('configure-aws-credentials'),
    });
    expect(server.received).toEqual([]);
  });
});

describe('a clock that is wrong', () => {
  it('is named, and not the credentials', async () => {
    server.on(
      'PutObject',
      s3Error(403, 'RequestTimeTooSkewed', 'The difference between the request time is too large.'),
    );
    await expect(store.put(key, Buffer.from('1'), 'absent')).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(/refused PutObject, because its clock and that of this machine differ/),
      hint: 'Set the clock of this machine.',
    });
  });
});

describe('a bucket of S3 that is elsewhere', () => {
  const redirect: Answer = { status: 301, headers: { 'x-amz-bucket-region': 'eu-central-1' } };
  const malformed = s3Error(400, 'AuthorizationHeaderMalformed', 'wrong', '<Region>eu-central-1</Region>');
  it.each([
    ['a redirect', redirect],
    ['a header that it cannot read', malformed],
  ])('says where, told by %s', async (_how, answer) => {
    for (const [action, , , run] of operations) {
      server.on(action, answer).on('GetObject', answer);
      await expect(run()).rejects.toMatchObject({
        code: 'wrong-region',
        exit: 2,
        message: 'The bucket bucket is in eu-central-1, but the request went to eu-west-1.',
        hint: expect.stringContaining('region: eu-central-1'),
      });
    }
  });

  it('or nowhere says how to make it', async () => {
    server.on('PutObject', s3Error(404, 'NoSuchBucket'));
    await expect(store.put(key, Buffer.from('1'), 'absent')).rejects.toMatchObject({
      code: 'no-bucket',
      exit: 2,
      hint: expect.stringContaining('aws s3 mb s3://bucket --region eu-west-1'),
    });
  });

  it('or in an archive says how to restore it', async () => {
    server.on('GetObject', s3Error(403, 'InvalidObjectState'));
    await expect(store.get(key)).rejects.toMatchObject({
      code: 'object-archived',
      hint: expect.stringContaining(`restore-object --bucket bucket --key models/${key}`),
    });
  });
});
