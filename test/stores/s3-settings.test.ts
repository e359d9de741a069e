import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StoreSettings } from '../../src/config/types.ts';
import { openS3Store } from '../../src/stores/s3.ts';
import { awsEnvironment } from '../fakes/stores/s3-environment.ts';
import { ScriptedS3 } from '../fakes/stores/s3-server.ts';

awsEnvironment();

const url = 's3://bucket/models';
const problemsOf = async (settings: StoreSettings): Promise<string[]> => {
  const thrown: unknown = await openS3Store(settings).catch((error: unknown) => error);
  expect(thrown).toMatchObject({ code: 'bad-input', exit: 2 });
  return (thrown as { problems: { path: string }[] }).problems.map(({ path }) => path);
};

describe('the settings of a store on S3', () => {
  it('need a region, from the settings or from where AWS keeps it, unless a server of its own is named', async () => {
    expect(await problemsOf({ url })).toEqual(['store.region']);
    await openS3Store({ url, region: 'eu-west-1' });
    await openS3Store({ url, endpoint: 'https://minio.example.com' });
    vi.stubEnv('AWS_REGION', 'eu-west-1');
    await openS3Store({ url });
  });

  it.each([
    's3://',
    's3:///models',
    's3://Bucket_x/models',
    's3://ab',
    's3://bucket/../models',
    's3://bucket/a//b',
    's3://bucket/models?versionId=1',
    's3://bucket/.hidden',
  ])('refuse the URL %s', async (wrong) => {
    expect(await problemsOf({ url: wrong, region: 'eu-west-1' })).toEqual(['store.url']);
  });

  it.each(['http://minio.example.com', 'http://127.0.0.1.example.com', 'ftp://127.0.0.1'])(
    'refuse the endpoint %s, on which anybody could read along',
    async (endpoint) => {
      expect(await problemsOf({ url, endpoint })).toEqual(['store.endpoint']);
      vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoint);
      expect(await problemsOf({ url })).toEqual(['store.endpoint']);
    },
  );

  it('refuse what S3 does not have and what contradicts itself, all at once', async () => {
    const settings = { url, region: 'eu-west-1', encryptionScope: 'x', encryption: 'sse-s3', kmsKey: 'k' } as const;
    expect(await problemsOf(settings)).toEqual(['store.encryption-scope', 'store.kms-key']);
  });
});

describe('the addresses of a store on S3', () => {
  let server: ScriptedS3;
  beforeEach(async () => {
    server = await new ScriptedS3().start();
  });
  afterEach(() => server.close());

  it.each(['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'])(
    'take a server from %s, by path as those are asked',
    async (name) => {
      vi.stubEnv(name, server.endpoint.replace('127.0.0.1', 'localhost'));
      const store = await openS3Store({ url });
      expect(await store.head('a')).toBeUndefined();
      expect(server.received[0]?.path).toBe('/bucket/models/a');
    },
  );

  it('sign for the region that the settings name', async () => {
    const store = await openS3Store({ url, endpoint: server.endpoint, region: 'eu-north-1' });
    await store.head('a');
    expect(server.received[0]?.headers.authorization).toMatch(/Credential=AKIDFORTESTS\/\d{8}\/eu-north-1\/s3\//);
  });

  it('are those of AWS otherwise', async () => {
    const store = await openS3Store({ url: 's3://bucket.with.dots/models', region: 'eu-west-1' });
    const link = new URL((await store.signedUrl('a b/ü', 60)).url);
    expect(link.protocol).toBe('https:');
    expect(link.host + link.pathname).toBe('s3.eu-west-1.amazonaws.com/bucket.with.dots/models/a%20b/%C3%BC');
    const plain = await openS3Store({ url, region: 'cn-north-1' });
    expect(new URL((await plain.signedUrl('a', 60)).url).host).toBe('bucket.s3.cn-north-1.amazonaws.com.cn');
  });

  it.each([0, -1, 1.5, 604_801, Number.NaN])('give no link for %s seconds', async (seconds) => {
    const store = await openS3Store({ url, endpoint: server.endpoint });
    await expect(store.signedUrl('a', seconds)).rejects.toMatchObject({ code: 'bad-validity', exit: 2 });
  });
});

describe('listing a store on S3', () => {
  it('goes page by page, reads keys as they are escaped, and leaves out what is no key', async () => {
    const server = await new ScriptedS3().start();
    const item = (key: string) =>
      `<Contents><Key>${key}</Key><ETag>&quot;e&quot;</ETag><Size>1</Size><LastModified>2026-11-24T08:00:00.000Z</LastModified></Contents>`;
    const page = (items: string[], next = '') => ({
      status: 200,
      body: `<ListBucketResult><EncodingType>url</EncodingType>${items.map(item).join('')}${next && `<NextContinuationToken>${next}</NextContinuationToken>`}</ListBucketResult>`,
    });
    server.on(
      'ListObjectsV2',
      page(['models/a%2Bb', 'models/a+b', 'models/'], 'n1'),
      page(['models/a//b', 'models/%E2%9C%93', 'models/x%01']),
    );
    const store = await openS3Store({ url, endpoint: server.endpoint }, { pageKeys: 3 });
    const keys: string[] = [];
    for await (const info of store.list('a')) keys.push(info.key);
    expect(keys).toEqual(['a+b', 'a b', '✓']);
    const queries = server.received.map(({ query }) => Object.fromEntries(query));
    expect(queries).toMatchObject([
      { prefix: 'models/a', 'max-keys': '3', 'encoding-type': 'url' },
      { prefix: 'models/a', 'continuation-token': 'n1' },
    ]);
    await server.close();
  });
});
