import { createHash } from 'node:crypto';
import type { LambdaFunctionConfiguration, NotificationConfiguration, S3Client } from '@aws-sdk/client-s3';
import { ColdgateError, ConflictError } from '../../errors.ts';
import { proxiedAgents } from '../../proxy.ts';
import type { LambdaContext } from './context.ts';
import { setTags } from './function-settings.ts';
import type { FunctionState } from './state.ts';
import type { Permit } from './statements.ts';

/**
 * Tag: the bucket that notifies the function of uploads, and a digest of the notification; `none` when it no longer
 * does.
 */
const batchTag = 'coldgate:batch';
const none = 'none';
/** S3 keeps one document for all of a bucket's notifications and knows no precondition for it. */
const maxTries = 5;

type Sdk = typeof import('@aws-sdk/client-s3');

/** The bucket that notifies, or notified, the function. */
export const notifiedBy = ({ tags }: FunctionState): string | undefined => {
  const [bucket] = (tags[batchTag] ?? none).split(' ');
  return bucket === none ? undefined : bucket;
};

/** Whether there is a batch, or was one. */
export const concernsBatch = ({ settings }: LambdaContext, state: FunctionState): boolean =>
  settings.batch !== undefined || notifiedBy(state) !== undefined;

/** Who may invoke the live alias for it: this bucket of this account alone. */
export function batchPermits({ settings }: LambdaContext, { arn }: FunctionState): Record<string, Permit> {
  if (!settings.batch) return {};
  const [, partition, , , SourceAccount] = arn.split(':');
  const SourceArn = `arn:${partition}:s3:::${settings.batch.bucket}`;
  return {
    'coldgate-batch': { Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com', SourceArn, SourceAccount },
  };
}

function wantedOf({ settings }: LambdaContext, { arn, name }: FunctionState): LambdaFunctionConfiguration | undefined {
  const { batch, alias } = settings;
  if (!batch) return undefined;
  const FilterRules = [
    ...(batch.prefix === undefined ? [] : [{ Name: 'prefix' as const, Value: batch.prefix }]),
    { Name: 'suffix' as const, Value: batch.suffix },
  ];
  return {
    Id: `coldgate-${name}`,
    LambdaFunctionArn: `${arn}:${alias}`,
    Events: ['s3:ObjectCreated:*'],
    Filter: { Key: { FilterRules } },
  };
}

/**
 * Makes the bucket notify the live alias of uploads and keeps its other notifications; removes ours from a bucket of
 * former settings. The permission has to exist. Returns true if anything was changed.
 */
export async function ensureBatch(context: LambdaContext, state: FunctionState): Promise<boolean> {
  const wanted = wantedOf(context, state);
  const bucket = context.settings.batch?.bucket;
  const digest = createHash('sha256')
    .update(JSON.stringify(wanted ?? none))
    .digest('hex')
    .slice(0, 16);
  const mark = bucket === undefined ? none : `${bucket} ${digest}`;
  const before = notifiedBy(state);
  if ((state.tags[batchTag] ?? none) === mark) return false;
  if (before !== undefined && before !== bucket) await notify(context, state, before, undefined);
  if (bucket !== undefined && wanted) {
    // Tagged before the notification is created, so that a later run finds it if this one is killed in between.
    await setTags(context, state, { [batchTag]: `${bucket} new` });
    await notify(context, state, bucket, wanted);
  }
  return setTags(context, state, { [batchTag]: mark });
}

/** Ends it, for a function that is to go. */
export async function endBatch(context: LambdaContext, state: FunctionState): Promise<void> {
  const bucket = notifiedBy(state);
  if (bucket !== undefined) await notify(context, state, bucket, undefined);
}

/** Puts our entry into the bucket's document, or takes it out, and reads back whether another writer has undone that. */
async function notify(
  context: LambdaContext,
  { name }: FunctionState,
  Bucket: string,
  wanted: LambdaFunctionConfiguration | undefined,
): Promise<void> {
  const sdk: Sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client({ region: context.settings.region, maxAttempts: 1, requestHandler: proxiedAgents() });
  const Id = `coldgate-${name}`;
  for (let tries = 0; tries <= maxTries; tries++) {
    const now = await read(context, sdk, client, Bucket);
    if (!now) return wanted ? refuse(Bucket) : undefined;
    const { LambdaFunctionConfigurations: all = [], ...rest } = now;
    const own = all.find((one) => one.Id === Id);
    if (own ? wanted && isSame(own, wanted) : !wanted) return;
    const others = all.filter((one) => one.Id !== Id);
    const LambdaFunctionConfigurations = wanted ? [...others, wanted] : others;
    const NotificationConfiguration = { ...rest, LambdaFunctionConfigurations };
    await context.calls.withRetry(
      (options) =>
        client.send(new sdk.PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }), options),
      { action: 's3:PutBucketNotification', resource: `arn:aws:s3:::${Bucket}` },
    );
  }
  throw new ConflictError('bucket-busy', `Others keep changing the notifications of the bucket ${Bucket}.`, {
    hint: 'Run this again when they are done.',
  });
}

const refuse = (bucket: string): never => {
  throw new ColdgateError('bucket-not-found', 2, `There is no bucket ${bucket} to take upload notifications from.`, {
    hint: 'Check target.batch.bucket, and that the bucket is in the region of the function.',
  });
};

async function read(
  context: LambdaContext,
  sdk: Sdk,
  client: S3Client,
  Bucket: string,
): Promise<NotificationConfiguration | undefined> {
  const requestContext = { action: 's3:GetBucketNotification', resource: `arn:aws:s3:::${Bucket}` };
  return context.calls.withRetry(async (options) => {
    try {
      const { $metadata: _, ...found } = await client.send(
        new sdk.GetBucketNotificationConfigurationCommand({ Bucket }),
        options,
      );
      return found;
    } catch (error) {
      if ((error as Error).name === 'NoSuchBucket') return undefined;
      throw error;
    }
  }, requestContext);
}

/** S3 writes names of rules in its own case and order. */
function isSame(a: LambdaFunctionConfiguration, b: LambdaFunctionConfiguration): boolean {
  const shape = ({ LambdaFunctionArn, Events, Filter }: LambdaFunctionConfiguration): string => {
    const rules = Filter?.Key?.FilterRules ?? [];
    return JSON.stringify([LambdaFunctionArn, Events, rules.map((r) => `${r.Name?.toLowerCase()}=${r.Value}`).sort()]);
  };
  return shape(a) === shape(b);
}
