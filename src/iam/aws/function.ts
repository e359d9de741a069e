import { functionGrants } from '../grants.ts';
import { bucketRef, type Subject } from '../subject.ts';
import { functionArns, type LambdaGroup } from './account.ts';
import type { Statement } from './policy.ts';
import { queueStatements, resultPrefixes } from './queue.ts';
import { kmsStatements, s3Statements } from './store.ts';

/** What functions that share a role may do: read their models, write their logs, and what their settings ask for. */
export function functionStatements(subject: Subject, groups: readonly LambdaGroup[]): Statement[] {
  const models = [...new Set(groups.flatMap(({ functions }) => functions.flatMap((one) => one.models)))];
  const isS3 = bucketRef(subject.store).store === 's3';
  const grants = functionGrants(subject, models, resultPrefixes(groups));
  return [
    ...(isS3 ? [...s3Statements(subject, grants), ...kmsStatements(subject, grants)] : []),
    logStatement(groups),
    ...batchStatements(groups),
    ...queueStatements(groups),
    ...tracingStatements(groups),
    ...networkStatements(groups),
    ...fileSystemStatements(groups),
    ...variableStatements(groups),
  ];
}

/** https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html */
function logStatement(groups: readonly LambdaGroup[]): Statement {
  const logs = groups.flatMap(({ settings, partition, account, functions }) =>
    functions.map(({ name }) => `arn:${partition}:logs:${settings.region}:${account}:log-group:/aws/lambda/${name}`),
  );
  return {
    Sid: 'WriteLogs',
    Effect: 'Allow',
    Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: logs.flatMap((group) => [group, `${group}:*`]),
  };
}

/** Uploads are read, and results are made beside them; a result that is there is looked at, not replaced. */
function batchStatements(groups: readonly LambdaGroup[]): Statement[] {
  const batches = groups.flatMap(({ settings: { batch }, partition }) => (batch ? [{ ...batch, partition }] : []));
  if (batches.length === 0) return [];
  const outputs = batches.map(
    ({ partition, bucket, outputPrefix }) => `arn:${partition}:s3:::${bucket}/${outputPrefix}*`,
  );
  const inputs = batches.map(
    ({ partition, bucket, prefix = '', suffix }) => `arn:${partition}:s3:::${bucket}/${prefix}*${suffix}`,
  );
  return [
    { Sid: 'ReadBatches', Effect: 'Allow', Action: ['s3:GetObject'], Resource: [...inputs, ...outputs] },
    { Sid: 'WriteResults', Effect: 'Allow', Action: ['s3:PutObject'], Resource: outputs },
  ];
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html: these know no resources. */
function tracingStatements(groups: readonly LambdaGroup[]): Statement[] {
  if (!groups.some(({ settings }) => settings.tracing)) return [];
  const Action = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];
  return [{ Sid: 'WriteTraces', Effect: 'Allow', Action, Resource: ['*'] }];
}

/**
 * Lambda makes the network interfaces in the role's name. The function's own code may not, whatever runs in it:
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 */
function networkStatements(groups: readonly LambdaGroup[]): Statement[] {
  const inside = groups.filter(({ settings }) => settings.vpc);
  if (inside.length === 0) return [];
  const Action = [
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ];
  const Condition = { ArnEquals: { 'lambda:SourceFunctionArn': inside.flatMap(functionArns) } };
  return [
    { Sid: 'JoinNetwork', Effect: 'Allow', Action, Resource: ['*'] },
    { Sid: 'KeepCodeOffNetwork', Effect: 'Deny', Action, Resource: ['*'], Condition },
  ];
}

/** Only through the access point that is mounted. https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem.html */
function fileSystemStatements(groups: readonly LambdaGroup[]): Statement[] {
  return groups.flatMap(({ settings: { efs, region }, partition, account }, at) =>
    efs
      ? [
          {
            Sid: `MountFileSystem${at + 1}`,
            Effect: 'Allow' as const,
            Action: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
            Resource: [`arn:${partition}:elasticfilesystem:${region}:${account}:file-system/*`],
            Condition: { StringEquals: { 'elasticfilesystem:AccessPointArn': efs.accessPoint } },
          },
        ]
      : [],
  );
}

function variableStatements(groups: readonly LambdaGroup[]): Statement[] {
  const keys = [...new Set(groups.flatMap(({ settings: { kmsKey } }) => kmsKey ?? []))];
  if (keys.length === 0) return [];
  return [{ Sid: 'DecryptVariables', Effect: 'Allow', Action: ['kms:Decrypt'], Resource: keys }];
}
