import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Reader } from '../../../src/handler/readers/reader.ts';
import { openS3Reader } from '../../../src/handler/readers/s3.ts';
import type { StoreSource } from '../../../src/handler/readers/source.ts';
import { bytesOf } from '../../contracts/reader.ts';
import { type KnownKey, SignedS3 } from '../../fakes/handler/signed-s3.ts';
import { ScriptedS3, s3Error } from '../../fakes/stores/s3-server.ts';

const lasting: KnownKey = { accessKeyId: 'AKIDLASTING', secretAccessKey: 'secret/of+the=tests' };
const passing: KnownKey = { accessKeyId: 'ASIAPASSING', secretAccessKey: 'secret-2', sessionToken: 'session/+=token' };

let server: SignedS3;
beforeEach(async () => {
  server = await new SignedS3().start();
  server.know(lasting);
  server.know(passing);
});
afterEach(() => server.close());

const variablesOf = ({ accessKeyId, secretAccessKey, sessionToken }: KnownKey) => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_SESSION_TOKEN: sessionToken,
});
const open = (variables: Record<string, string | undefined>, source: Partial<StoreSource> = {}): Reader =>
  openS3Reader({ store: 's3', bucket: 'bucket', root: 'models', endpoint: server.endpoint, ...source }, variables);
const text = async (reader: Reader, key: string): Promise<string> => (await bytesOf(await reader.read(key))).toString();

describe('the S3 reader', () => {
  it.each([
    'digits/current.json',
    'a b+c/d&e=f;g@h:i,j.bin',
    "quotes'(1)!*~.bin",
    'ü/日本/🦀.bin',
    'percent%20 and %.bin',
    'a//b/./c/../d',
    '?#[]{}|\\^`"<>.bin',
  ])('signs %s as S3 reads it', async (key) => {
    for (const credentials of [lasting, passing]) {
      server.objects.set(`/bucket/models/${key}`, Buffer.from(key));
      expect(await text(open(variablesOf(credentials)), key)).toBe(key);
    }
  });

  it('signs with the region that it is told, else the platform', async () => {
    server.objects.set('/bucket/models/a', Buffer.from('a'));
    server.region = 'eu-west-1';
    await text(open({ ...variablesOf(lasting), AWS_REGION: 'us-west-2' }, { region: 'eu-west-1' }), 'a');
    await text(open({ ...variablesOf(lasting), AWS_REGION: 'eu-west-1' }), 'a');
    await text(open({ ...variablesOf(lasting), AWS_DEFAULT_REGION: 'eu-west-1' }), 'a');
    expect(server.requests).toHaveLength(3);
  });

  it('asks in the region that S3 says the bucket is in, and remembers it', async () => {
    server.objects.set('/bucket/models/a', Buffer.from('a'));
    server.region = 'ap-southeast-2';
    const reader = open({ ...variablesOf(lasting), AWS_REGION: 'eu-west-1' });
    for (let i = 0; i < 3; i++) expect(await text(reader, 'a')).toBe('a');
    expect(server.requests).toHaveLength(4);
  });

  it('is not led in a circle, nor anywhere else, by what is said to be a region', async () => {
    for (const region of ['eu-west-1', 'evil.example/x', 'a'.repeat(100), '']) {
      server.region = region;
      server.requests.length = 0;
      const reader = open({ ...variablesOf(lasting), AWS_REGION: 'us-east-1' });
      await expect(reader.read('missing')).rejects.toMatchObject({ name: 'LoadError' });
      expect(server.requests.length).toBeLessThanOrEqual(2);
      const regions = server.requests.map(
        ({ headers }) => /\d{8}\/(.*)\/s3\/aws4/.exec(headers.authorization ?? '')?.[1],
      );
      expect(['us-east-1', 'eu-west-1']).toEqual(expect.arrayContaining(regions));
    }
  });

  it('looks for fresh credentials, once, where S3 says that these have expired', async () => {
    server.objects.set('/bucket/models/a', Buffer.from('a'));
    const variables: Record<string, string | undefined> = variablesOf(passing);
    const reader = open(variables);
    expect(await text(reader, 'a')).toBe('a');
    server.expired.add(passing.accessKeyId);
    Object.assign(variables, variablesOf(lasting));
    expect(await text(reader, 'a')).toBe('a');
    expect(server.requests.map((one) => one.accessKeyId)).toEqual(['ASIAPASSING', 'ASIAPASSING', 'AKIDLASTING']);
    server.expired.add(lasting.accessKeyId);
    server.requests.length = 0;
    await expect(reader.read('a')).rejects.toMatchObject({
      code: 'store-denied',
      message: 'S3 answered 403 ExpiredToken to s3:GetObject of arn:aws:s3:::bucket/models/a.',
    });
    expect(server.requests).toHaveLength(2);
  });

  it('tells a wrong secret from a missing right', async () => {
    const reader = open(variablesOf({ ...lasting, secretAccessKey: 'another secret' }));
    const message = 'S3 answered 403 SignatureDoesNotMatch to s3:GetObject of arn:aws:s3:::bucket/models/a.';
    await expect(reader.read('a')).rejects.toMatchObject({ code: 'store-denied', message });
  });
});

describe('what S3 refuses', () => {
  let scripted: ScriptedS3;
  beforeEach(async () => {
    scripted = await new ScriptedS3().start();
  });
  afterEach(() => scripted.close());
  const role = "The function's role needs";

  it.each([
    [s3Error(403, 'AccessDenied'), 'store-denied', `${role} s3:GetObject on arn:aws:s3:::bucket/models/a.`],
    [{ status: 403 }, 'store-denied', `${role} s3:GetObject on arn:aws:s3:::bucket/models/a.`],
    [
      s3Error(403, 'AccessDenied', 'User: arn:x is not authorized to perform: kms:Decrypt on the resource'),
      'store-denied',
      `${role} kms:Decrypt on the key of arn:aws:s3:::bucket/models/a.`,
    ],
    [s3Error(403, 'RequestTimeTooSkewed'), 'store-denied', "set this machine's time"],
    [s3Error(400, 'InvalidToken'), 'store-denied', '400 InvalidToken'],
    [s3Error(404, 'NoSuchKey'), 'model-not-found', 'There is no a in s3://bucket/models.'],
    [s3Error(404, 'NoSuchBucket'), 'model-not-found', 'There is no bucket bucket.'],
    [s3Error(403, 'InvalidObjectState'), 'store-denied', '403 InvalidObjectState'],
    [s3Error(301, 'PermanentRedirect'), 'store-unavailable', '301 PermanentRedirect'],
    [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'store-unavailable', '302, a redirect'],
  ])('is explained: %o', async (answer, code, words) => {
    scripted.on('GetObject', answer);
    const reader = open(variablesOf(lasting), { endpoint: scripted.endpoint });
    const message = expect.stringContaining(words) as unknown;
    await expect(reader.read('a')).rejects.toMatchObject({ code, message });
  });
});
