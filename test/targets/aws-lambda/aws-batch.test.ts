import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';
import { ServiceError } from '../../lambda/service-error.ts';

const batch = { bucket: 'uploads', prefix: 'in/' };

describe('batch of the aws-lambda target', () => {
  let bench: FunctionBench;
  const reported = (bucket = 'uploads') => bench.lambda.neighbours.buckets.notifications.get(bucket) ?? '';
  const route = async (more: Record<string, unknown>) =>
    (await bench.target(more)).route(bench.request('live', '1.0.0'));
  const others = `<NotificationConfiguration><CloudFunctionConfiguration><Id>other</Id><CloudFunction>arn:aws:lambda:eu-west-1:123456789012:function:other</CloudFunction><Event>s3:ObjectRemoved:*</Event></CloudFunctionConfiguration></NotificationConfiguration>`;
  beforeAll(async () => {
    bench = await FunctionBench.open();
  });
  beforeEach(async () => {
    await (await bench.target()).remove({ name: functionName }, 'all');
    const { buckets } = bench.lambda.neighbours;
    for (const bucket of ['uploads', 'elsewhere']) buckets.add(bucket);
    buckets.notifications.clear();
    const mayCall = buckets.mayCall;
    buckets.mayCall = (arn, bucket) => arn.endsWith(':function:other') || mayCall(arn, bucket);
    bench.lambda.take();
  });
  afterAll(() => bench.close());

  it.each(['function-url', 'http-api', 'none'])(
    'has S3 tell the live alias of uploads, with endpoint %s',
    async (endpoint) => {
      await route({ batch, endpoint });
      const xml = reported();
      expect(xml).toContain(`:function:${functionName}:live</CloudFunction>`);
      expect(xml).toContain('s3:ObjectCreated:*');
      expect(xml).toMatch(/prefix.*in\/.*suffix.*\.jsonl/s);
      const variables = bench.lambda.account.version(functionName, 'live').configuration['Environment'];
      expect(variables).toMatchObject({
        Variables: { COLDGATE_BATCH_INPUT: 'in/', COLDGATE_BATCH_OUTPUT: 'results/' },
      });
      bench.lambda.take();
      expect(await route({ batch, endpoint })).toMatchObject({ changed: false });
      const { reading, mutating } = bench.lambda.take();
      expect(mutating).toEqual([]);
      expect(reading.length).toBeLessThanOrEqual(6);
    },
  );

  it('leaves alone what else the bucket tells, and ends with the function', async () => {
    bench.lambda.neighbours.buckets.notifications.set('uploads', others);
    await route({ batch });
    expect(reported()).toContain('<Id>other</Id>');
    expect(reported()).toContain(`<Id>coldgate-${functionName}</Id>`);
    const target = await bench.target();
    const notification = `the notification of ${functionName} by the bucket uploads`;
    expect(await target.besides?.({ name: functionName })).toMatchObject([{ action: 'delete', what: notification }]);
    await target.remove({ name: functionName }, 'all');
    expect(reported()).toContain('<Id>other</Id>');
    expect(reported()).not.toContain('coldgate-');
  });

  it('goes to another bucket, and goes when the setting goes, with its permission', async () => {
    await route({ batch });
    await route({ batch: { bucket: 'elsewhere' } });
    expect(reported()).not.toContain('coldgate-');
    expect(reported('elsewhere')).toContain('coldgate-');
    await route({});
    expect(reported('elsewhere')).not.toContain('coldgate-');
    const statements = bench.lambda.account.find(functionName).policies.get('live') ?? [];
    expect(statements.map(({ Sid }) => Sid)).toEqual(['coldgate-url', 'coldgate-invoke']);
  });

  it('names the action and the bucket where S3 says no more than that it denies access', async () => {
    const denied = new ServiceError('AccessDenied', 403, 'Access Denied');
    bench.lambda.fault = (name) => (name === 'PutBucketNotificationConfiguration' ? denied : undefined);
    await expect(route({ batch })).rejects.toMatchObject({
      ...{ code: 'permission-denied', exit: 8 },
      data: { action: 's3:PutBucketNotification', resource: 'arn:aws:s3:::uploads' },
    });
    bench.lambda.fault = () => undefined;
  });

  it('names a bucket that is not there', async () => {
    const routing = route({ batch: { bucket: 'nowhere' } });
    await expect(routing).rejects.toMatchObject({
      code: 'bucket-not-found',
      hint: expect.stringContaining('batch.bucket'),
    });
  });
});
