import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { awsCredentials, containerUrl } from '../../../src/handler/readers/credentials/aws.ts';
import { credentialServer, given, onlyWith } from '../../fakes/handler/credential-server.ts';
import type { ScriptedServer } from '../../fakes/stores/script-server.ts';

let server: ScriptedServer;
let folder: string;
beforeEach(async () => {
  server = await credentialServer();
  folder = mkdtempSync(join(tmpdir(), 'coldgate-credentials-'));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const hour = 3_600_000;
const issued = (name: string, expires: number) => ({
  AccessKeyId: `ASIA${name}`,
  SecretAccessKey: `secret-${name}`,
  Token: `session-${name}`,
  Expiration: new Date(expires).toISOString(),
});
const find = (variables: Record<string, string>, now?: () => number) => awsCredentials(variables, now).get();

describe('credentials of AWS', () => {
  it('come from the variables of Lambda before all else', async () => {
    const variables = {
      AWS_ACCESS_KEY_ID: 'AKID',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_SESSION_TOKEN: 't',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.endpoint}/role`,
    };
    expect(await find(variables)).toEqual({ accessKeyId: 'AKID', secretAccessKey: 's', sessionToken: 't' });
    expect(await find({ ...variables, AWS_SESSION_TOKEN: '' })).toMatchObject({ sessionToken: undefined });
    expect(server.received).toEqual([]);
  });

  it('come from the container, with its token as text or from a file that may change', async () => {
    server.on('GET /role', onlyWith('authorization', 'token-1', issued('A', 2 * hour)));
    const AWS_CONTAINER_CREDENTIALS_FULL_URI = `${server.endpoint}/role`;
    const expected = {
      accessKeyId: 'ASIAA',
      secretAccessKey: 'secret-A',
      sessionToken: 'session-A',
      expiresAt: 2 * hour,
    };
    expect(
      await find({ AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'token-1' }, () => 0),
    ).toEqual(expected);
    const file = join(folder, 'token');
    writeFileSync(file, 'token-1\n');
    let now = 0;
    const renewed = awsCredentials(
      { AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file },
      () => now,
    );
    expect(await renewed.get()).toEqual(expected);
    writeFileSync(file, 'token-2\n');
    server.on('GET /role', onlyWith('authorization', 'token-2', issued('B', 3 * hour)));
    now = 2 * hour - 5 * 60_000;
    expect(await renewed.get()).toMatchObject({ accessKeyId: 'ASIAB' });
    expect(server.received).toHaveLength(3);
  });

  it.each(['/v2/credentials/1?a=b', '//evil.example/x', '@evil.example/x'])(
    'stay at the agent of ECS for %s',
    (uri) => {
      expect(containerUrl({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: uri })?.host).toBe('169.254.170.2');
    },
  );

  it.each([
    'http://169.254.170.23/v1/credentials',
    'http://[fd00:ec2::23]/v1/credentials',
    'http://localhost:9000/role',
    'https://credentials.example/role',
  ])('may come from %s', (uri) => {
    expect(containerUrl({ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri })?.href).toBe(uri);
  });

  it.each(['http://example.com/role', 'http://10.0.0.1/role', 'ftp://127.0.0.1/', 'role'])(
    'are not asked for at %s, where others could listen',
    async (uri) => {
      const asking = find({ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri });
      const message = expect.stringMatching(/^AWS_CONTAINER_CREDENTIALS_FULL_URI: expected an https URL/) as unknown;
      await expect(asking).rejects.toMatchObject({ code: 'store-denied', message });
    },
  );

  it('come from the instance, by version 2 of its metadata', async () => {
    server.on('PUT /latest/api/token', onlyWith('x-aws-ec2-metadata-token-ttl-seconds', '21600', 'imds-token'));
    const roles = '/latest/meta-data/iam/security-credentials/';
    server.on(`GET ${roles}`, onlyWith('x-aws-ec2-metadata-token', 'imds-token', 'reader role\n'));
    const role = onlyWith('x-aws-ec2-metadata-token', 'imds-token', issued('C', hour));
    server.on(`GET ${roles}reader%20role`, role);
    const variables = { AWS_EC2_METADATA_SERVICE_ENDPOINT: server.endpoint };
    expect(await find(variables, () => 0)).toMatchObject({ accessKeyId: 'ASIAC', expiresAt: hour });
    expect(server.actions()).toHaveLength(3);
  });

  it('are asked for again where the service fails by chance', async () => {
    server.on('GET /role', { status: 500 }, { status: 429 }, given(issued('D', hour)));
    const variables = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.endpoint}/role` };
    expect(await find(variables, () => 0)).toMatchObject({ accessKeyId: 'ASIAD' });
  });
});

describe('credentials of AWS that are not there', () => {
  const everywhere = /AWS_ACCESS_KEY_ID.*AWS_CONTAINER_CREDENTIALS_RELATIVE_URI.*EC2 metadata/;

  it('are named with all places that were looked at', async () => {
    await expect(find({ AWS_EC2_METADATA_DISABLED: 'true' })).rejects.toMatchObject({
      code: 'store-denied',
      message: expect.stringMatching(everywhere),
    });
    await expect(find({ AWS_EC2_METADATA_SERVICE_ENDPOINT: server.endpoint })).rejects.toMatchObject({
      code: 'store-denied',
      message: expect.stringMatching(/EC2 metadata: The EC2 metadata service answered 404/),
    });
    await expect(find({ AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(everywhere),
    });
  });

  it.each([
    ['a refusal', { status: 403, body: 'secret words' }, 'store-denied', /answered 403/],
    ['no JSON', given('secret words'), 'store-denied', /there is no AccessKeyId/],
    ['less than all', given({ ...issued('E', hour), Token: undefined }), 'store-denied', /there is no Token/],
    ['no date', given({ ...issued('E', hour), Expiration: 'secret words' }), 'store-denied', /no date/],
    ['nothing', { status: 200 }, 'store-unavailable', /gave no credentials/],
    ['failure', { status: 500, body: 'secret words' }, 'store-unavailable', /answered 500/],
  ])('are explained after %s, without a word of the answer', async (_what, answer, code, message) => {
    server.on('GET /role', answer);
    const failed = await find({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.endpoint}/role` }).catch((e) => e);
    expect(failed).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(failed.message).not.toMatch(/secret|ASIA/);
  });

  it('are explained where the token file cannot be read', async () => {
    const variables = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.endpoint}/role`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(folder, 'none'),
    };
    const message = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read (ENOENT).';
    await expect(find(variables)).rejects.toMatchObject({ code: 'store-denied', message });
  });
});
