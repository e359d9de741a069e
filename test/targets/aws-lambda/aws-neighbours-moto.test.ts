import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  DescribeScheduledActionsCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, expect, it } from 'vitest';
import { camelKeys } from '../../../src/config/camel-keys.ts';
import { type AwsLambdaSettings, awsLambdaTarget } from '../../../src/config/schema/aws-lambda.ts';
import { silentLogger } from '../../../src/log.ts';
import { sha256 } from '../../../src/model/digest.ts';
import { codeOf } from '../../../src/targets/aws-lambda/code.ts';
import { contextOf, type LambdaContext } from '../../../src/targets/aws-lambda/context.ts';
import { ensureLogGroup } from '../../../src/targets/aws-lambda/log-group.ts';
import { endScaling, ensureScaling } from '../../../src/targets/aws-lambda/scaling.ts';
import type { FunctionState } from '../../../src/targets/aws-lambda/state.ts';
import { itOn } from '../../emulators/gaps.ts';
import { describeWith } from '../../emulators/servers.ts';

const region = 'eu-west-1';
const schedule = { at: 'rate(1 day)', minimum: 1, maximum: 2 };

/** What a function has outside of Lambda, on a server that others have written. */
describeWith('moto', 'what a function has beside Lambda', (server) => {
  const name = `digits-${randomUUID().slice(0, 8)}`;
  const contextWith = (more: Record<string, unknown>): LambdaContext => {
    const role = 'arn:aws:iam::123456789012:role/coldgate';
    const settings = awsLambdaTarget.parse({ provider: 'aws-lambda', region, role, ...more });
    const { signal } = new AbortController();
    const deps = { log: silentLogger, stateDir: tmpdir(), now: () => new Date(), signal };
    return contextOf(camelKeys(settings) as AwsLambdaSettings, deps);
  };
  beforeAll(() => {
    const access = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: region };
    Object.assign(process.env, { AWS_ENDPOINT_URL: server().endpoint, ...access });
  });

  it('is a log group that keeps its lines as long as asked, made once', async () => {
    const client = new CloudWatchLogsClient({ region });
    const logGroupNamePrefix = `/aws/lambda/${name}`;
    for (const days of [14, 30]) {
      await ensureLogGroup(contextWith({ 'log-retention-days': days }), logGroupNamePrefix);
      const { logGroups } = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }));
      expect(logGroups).toMatchObject([{ retentionInDays: days }]);
    }
  });

  it('is a package under its digest, put once and never over what is there', async () => {
    const Bucket = `packages-${randomUUID().slice(0, 8)}`;
    const client = new S3Client({ region });
    const CreateBucketConfiguration = { LocationConstraint: region } as const;
    await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
    const path = join(tmpdir(), `${name}.zip`);
    writeFileSync(path, 'a package');
    const zip = { path, sha256: sha256(Buffer.from('a package')), size: 60_000_000 };
    const code = { S3Bucket: Bucket, S3Key: `coldgate/packages/${zip.sha256}.zip` };
    const simulation = contextWith({ 'upload-bucket': Bucket });
    expect(await codeOf(simulation, zip)).toEqual(code);
    const { Contents: before } = await client.send(new ListObjectsV2Command({ Bucket }));
    expect(await codeOf(simulation, zip)).toEqual(code);
    const { Contents: after } = await client.send(new ListObjectsV2Command({ Bucket }));
    expect(after).toEqual(before);
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: code.S3Key }));
    expect(await Body?.transformToString()).toBe('a package');
    rmSync(path);
  });

  /** Scaling of a version of a function; its tags lie with the function, which is not here. */
  function scaledContext(): { simulation: LambdaContext; state: FunctionState } {
    const scaling = { maximum: 3, schedules: [schedule] };
    const simulation = contextWith({ 'provisioned-concurrency': 1, 'provisioned-scaling': scaling });
    const state = { name, arn: 'arn:aws:lambda:eu-west-1:123456789012:function:none', tags: {} } as FunctionState;
    return { simulation: { ...simulation, calls: { ...simulation.calls, send: async () => ({}) as never } }, state };
  }

  it('is scaling of its warm instances, asked for once and ended', async () => {
    const { simulation, state } = scaledContext();
    const client = new ApplicationAutoScalingClient({ region });
    const targets = new DescribeScalableTargetsCommand({
      ServiceNamespace: 'lambda',
      ResourceIds: [`function:${name}:7`],
    });
    const of = { ServiceNamespace: 'lambda', ResourceId: `function:${name}:7` } as const;
    expect(await ensureScaling(simulation, state, '7')).toBe(true);
    expect(await ensureScaling(simulation, state, '7')).toBe(false);
    expect((await client.send(targets)).ScalableTargets).toMatchObject([{ MinCapacity: 1, MaxCapacity: 3 }]);
    const { ScalingPolicies } = await client.send(new DescribeScalingPoliciesCommand(of));
    expect(ScalingPolicies).toMatchObject([
      { PolicyType: 'TargetTrackingScaling', TargetTrackingScalingPolicyConfiguration: { TargetValue: 0.7 } },
    ]);
    const { ScheduledActions } = await client.send(new DescribeScheduledActionsCommand(of));
    expect(ScheduledActions).toMatchObject([{ Schedule: schedule.at }]);
    await endScaling(simulation, state);
    expect((await client.send(targets)).ScalableTargets).toEqual([]);
  });

  itOn('moto', 'ends scaling that is gone already', async () => {
    const { simulation, state } = scaledContext();
    await ensureScaling(simulation, state, '8');
    await endScaling(simulation, state);
    await endScaling(simulation, state);
  });
});
