import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/model/digest.ts';
import { writeZip } from '../../../src/package/zip.ts';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';
import { addForeignLayer } from '../../lambda/layers.ts';

const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:123456789012:${rest}`;
const all = {
  memory: 3008,
  timeout: 20,
  architecture: 'arm64',
  'ephemeral-storage': 1024,
  tracing: true,
  'kms-key': arn('kms', 'key/1'),
  layers: [arn('lambda', 'layer:extras:3')],
  vpc: { subnets: ['subnet-00000001'], 'security-groups': ['sg-00000001'] },
  efs: { 'access-point': arn('elasticfilesystem', 'access-point/fsap-1'), 'mount-path': '/mnt/models' },
  'reserved-concurrency': 7,
  'environment-variables': { LOG_LEVEL: 'debug' },
  'log-retention-days': 14,
  tags: { team: 'vision' },
};

/** Every setting of models.yaml is found again in AWS, and goes from there when it goes from the file. */
describe('settings of the aws-lambda target', () => {
  let bench: FunctionBench;
  const latest = () => bench.lambda.account.find(functionName).latest.configuration;
  const live = () => bench.lambda.account.version(functionName, 'live').configuration;
  const route = async (more: Record<string, unknown>) =>
    (await bench.target(more)).route(bench.request('live', '1.0.0'));
  beforeAll(async () => {
    bench = await FunctionBench.open();
    addForeignLayer(bench.lambda.account, all.layers[0] ?? '', { size: 1, unzipped: 1 });
  });
  beforeEach(async () => {
    await (await bench.target()).remove({ name: functionName }, 'all');
  });
  afterAll(() => bench.close());

  it('sets them all', async () => {
    await route(all);
    expect(live()).toMatchObject({
      ...{ MemorySize: 3008, Timeout: 20, Architectures: ['arm64'], EphemeralStorage: { Size: 1024 } },
      ...{ TracingConfig: { Mode: 'Active' }, KMSKeyArn: all['kms-key'], Layers: [{ Arn: all.layers[0] }] },
      VpcConfig: { SubnetIds: ['subnet-00000001'], SecurityGroupIds: ['sg-00000001'] },
      FileSystemConfigs: [{ Arn: all.efs['access-point'], LocalMountPath: '/mnt/models' }],
      Environment: { Variables: { LOG_LEVEL: 'debug' } },
      LoggingConfig: { LogFormat: 'JSON' },
    });
    const { tags, reserved } = bench.lambda.account.find(functionName);
    expect({ tags, reserved }).toMatchObject({ tags: { team: 'vision' }, reserved: 7 });
    expect(bench.lambda.neighbours.logs.days.get(`/aws/lambda/${functionName}`)).toBe(14);
  });

  it('takes away what models.yaml set once and has no longer, and changes nothing after that', async () => {
    await route(all);
    await route({});
    expect(live()).toMatchObject({
      ...{ KMSKeyArn: '', Layers: [], FileSystemConfigs: [], TracingConfig: { Mode: 'PassThrough' } },
      VpcConfig: { SubnetIds: [], SecurityGroupIds: [] },
    });
    expect(live()['Environment']).not.toHaveProperty('Variables.LOG_LEVEL');
    expect(bench.lambda.account.find(functionName).reserved).toBeUndefined();
    expect(bench.lambda.neighbours.logs.days.get(`/aws/lambda/${functionName}`)).toBe(30);
    bench.lambda.take();
    expect(await route({})).toMatchObject({ changed: false });
    expect(bench.lambda.take().mutating).toEqual([]);
  });

  it('plans what it would set beside the version, and nothing once that is done', async () => {
    await route({});
    const plan = async (more: Record<string, unknown>) =>
      (await bench.target(more)).plan(bench.request('live', '1.0.0'));
    const beside = { 'reserved-concurrency': 7, 'log-retention-days': 14, tags: { team: 'vision' } };
    expect(await plan({})).toMatchObject([{ action: 'none' }]);
    bench.lambda.take();
    expect((await plan(beside)).map(({ what }) => what)).toEqual([
      `function ${functionName}: keep logs for 14 days`,
      `function ${functionName}: reserved concurrency none -> 7`,
      `function ${functionName}: tags team`,
    ]);
    expect(bench.lambda.take().mutating).toEqual([]);
    await route(beside);
    expect(await plan(beside)).toMatchObject([{ action: 'none' }]);
    expect((await plan({})).map(({ what }) => what)).toContain(
      `function ${functionName}: reserved concurrency 7 -> none`,
    );
  });

  it('leaves alone what other hands set and models.yaml does not mention', async () => {
    await route({});
    const found = bench.lambda.account.find(functionName);
    found.reserved = 3;
    found.tags['owner'] = 'someone';
    Object.assign(latest(), { Layers: [{ Arn: 'by-hand' }], KMSKeyArn: 'by-hand' });
    (latest()['Environment'] as { Variables: Record<string, string> }).Variables['BY_HAND'] = '1';
    await route({ memory: 2048 });
    expect(live()).toMatchObject({ Layers: [{ Arn: 'by-hand' }], KMSKeyArn: 'by-hand', MemorySize: 2048 });
    expect(live()['Environment']).toHaveProperty('Variables.BY_HAND', '1');
    expect(found).toMatchObject({ reserved: 3, tags: { owner: 'someone' } });
  });
});

describe('a package above 50 MB', () => {
  let bench: FunctionBench;
  beforeAll(async () => {
    bench = await FunctionBench.open();
    bench.lambda.neighbours.buckets.add('packages');
  });
  afterAll(() => bench.close());

  function largePackage() {
    const bytes = randomBytes(52_428_800);
    const main = { name: 'lambda.mjs', bytes: Buffer.from('export {}'), deflated: Buffer.from('export {}') };
    const zip = writeZip([main, { name: 'weights.bin', bytes, deflated: bytes }]);
    const path = join(bench.folder, 'large.zip');
    writeFileSync(path, zip);
    return { path, sha256: sha256(zip), size: zip.byteLength };
  }

  it('goes through upload-bucket under its digest, once, and is refused with the name of the setting without one', async () => {
    const request = bench.request('live', '1.0.0', largePackage());
    const without = (await bench.target()).route(request);
    const refusal = { code: 'package-too-large', exit: 2, hint: expect.stringContaining('target.upload-bucket') };
    await expect(without).rejects.toMatchObject(refusal);
    const target = await bench.target({ 'upload-bucket': 'packages' });
    expect(target.budget?.zipped).toBeGreaterThan(52_428_800);
    expect(await target.route(request)).toMatchObject({ changed: true });
    const { objects } = bench.lambda.neighbours.buckets;
    const key = `coldgate/packages/${request.package.sha256}.zip`;
    expect([...(objects.get('packages')?.keys() ?? [])]).toEqual([key]);
    await target.remove({ name: functionName }, 'all');
    expect(await target.route(request)).toMatchObject({ changed: true });
    expect(objects.get('packages')?.size).toBe(1);
  });

  it('says which bucket is not there', async () => {
    const target = await bench.target({ 'upload-bucket': 'nowhere' });
    await target.remove({ name: functionName }, 'all');
    const routing = target.route(bench.request('live', '1.0.0', largePackage()));
    await expect(routing).rejects.toMatchObject({ message: expect.stringContaining('nowhere') });
  });
});
