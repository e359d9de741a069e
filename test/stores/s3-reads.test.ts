import { describe, expect, it } from 'vitest';
import { openS3Store } from '../../src/stores/s3.ts';
import { awsEnvironment } from '../fakes/stores/s3-environment.ts';
import { described, ScriptedS3, s3Error } from '../fakes/stores/s3-server.ts';
import { RangedReads, readsALargeObject, readsAnObject } from './ranged-reads.ts';

awsEnvironment();

const reads = new RangedReads({
  start: () => new ScriptedS3().start(),
  open: (endpoint, { rangeBytes, ...limits }) =>
    openS3Store({ url: 's3://bucket', endpoint }, { ...(rangeBytes && { partBytes: rangeBytes }), ...limits }),
  action: 'GetObject',
  rangeOf: ({ headers }) => headers.range,
  described: (_size, sent) => described(sent),
  token: 's3:"e1"',
  demanded: ({ headers }) => headers['if-match'],
  unwanted: ({ headers }) => headers['if-none-match'],
  unchanged: { status: 304, headers: { etag: '"e1"' } },
  noRange: s3Error(416, 'InvalidRange'),
  changed: [
    ['replaced', s3Error(412, 'PreconditionFailed')],
    ['removed', s3Error(404, 'NoSuchKey')],
  ],
  failures: [
    ['500', s3Error(500, 'InternalError')],
    ['503', s3Error(503, 'SlowDown')],
  ],
});

describe('reading an object of S3', () => {
  readsAnObject(reads);

  it('takes an answer that brings it all for one that brings a range', async () => {
    reads.on(reads.all);
    expect(await reads.comesWhole()).toBe(true);
    expect(reads.server.received[0]?.headers['accept-encoding']).toBeUndefined();
  });
});

describe('reading a large object of S3', () => readsALargeObject(reads));
