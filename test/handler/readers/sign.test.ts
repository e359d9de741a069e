import { describe, expect, it } from 'vitest';
import { addressOf } from '../../../src/handler/readers/s3-client.ts';
import { encodeKey, type Signable, signAws } from '../../../src/handler/readers/s3-sign.ts';

/** The examples that AWS prints: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: undefined,
};
const host = 'examplebucket.s3.amazonaws.com';
const examples: [string, Partial<Signable>, string, string][] = [
  [
    'GET Object',
    { path: '/test.txt', headers: { range: 'bytes=0-9' } },
    'host;range;x-amz-content-sha256;x-amz-date',
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    'PUT Object',
    {
      method: 'PUT',
      path: `/${encodeKey('test$file.text')}`,
      headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      body: Buffer.from('Welcome to Amazon S3.'),
    },
    'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  ],
  [
    'GET Bucket Lifecycle',
    { query: [['lifecycle', '']] },
    'host;x-amz-content-sha256;x-amz-date',
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ],
  [
    'GET Bucket (List Objects)',
    {
      query: [
        ['prefix', 'J'],
        ['max-keys', '2'],
      ],
    },
    'host;x-amz-content-sha256;x-amz-date',
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
];

describe('the signature of version 4', () => {
  it.each(examples)("is AWS's own for its example %s", (_name, request, names, signature) => {
    const signable: Signable = { method: 'GET', host, path: '/', query: [], headers: {}, ...request };
    const { authorization } = signAws(
      signable,
      credentials,
      { region: 'us-east-1', service: 's3' },
      new Date('2013-05-24T00:00:00Z'),
    );
    expect(authorization).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,' +
        `SignedHeaders=${names},Signature=${signature}`,
    );
  });
});

describe('where a bucket is asked', () => {
  const origin = (bucket: string, region: string, endpoint?: string): [string, string] => {
    const address = addressOf(bucket, region, endpoint);
    return [address.origin.origin, address.prefix];
  };

  it.each([
    ['models', 'eu-west-1', undefined, 'https://models.s3.eu-west-1.amazonaws.com', ''],
    ['models.acme', 'eu-west-1', undefined, 'https://s3.eu-west-1.amazonaws.com', '/models.acme'],
    ['models', 'cn-north-1', undefined, 'https://models.s3.cn-north-1.amazonaws.com.cn', ''],
    ['models', 'us-gov-west-1', undefined, 'https://models.s3.us-gov-west-1.amazonaws.com', ''],
    ['models', 'x', 'http://127.0.0.1:9000', 'http://127.0.0.1:9000', '/models'],
    ['models', 'x', 'https://store.example/s3/', 'https://store.example', '/s3/models'],
  ])('is right for %s in %s (%s)', (bucket, region, endpoint, expected, prefix) => {
    expect(origin(bucket, region, endpoint)).toEqual([expected, prefix]);
  });
});
