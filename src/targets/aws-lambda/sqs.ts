import { AwsV4Signer } from 'aws4fetch';
import type { AwsLambdaSettings } from '../../config/schema/aws-lambda.ts';
import { ColdgateError, exitCodes } from '../../errors.ts';
import { call } from '../../rollout/proof/http.ts';
import type { LambdaContext } from './context.ts';
import { ownerTag } from './names.ts';
import { movedError } from './refusal.ts';

type Action =
  | 'CreateQueue'
  | 'DeleteQueue'
  | 'GetQueueAttributes'
  | 'GetQueueUrl'
  | 'ListQueueTags'
  | 'SetQueueAttributes'
  | 'TagQueue';

/** One answer, ms. */
const timeoutMs = 30_000;

/** A name is free again a minute after its queue was deleted: worth waiting for, like a busy service. */
const passing = ['QueueDeletedRecently', 'RequestThrottled'];

/**
 * One call of SQS, by its JSON protocol and signed here: seven calls do not justify a client of their own in what every
 * runner downloads. AWS_ENDPOINT_URL_SQS names another service. Undefined where there is no such queue; throws as
 * `LambdaCalls.withRetry` does.
 */
export function askSqs<T = Record<string, never>>(
  context: LambdaContext,
  action: Action,
  resource: string,
  input: Record<string, unknown>,
): Promise<T | undefined> {
  const { region } = context.settings;
  const env = context.env ?? {};
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const url = env['AWS_ENDPOINT_URL_SQS'] || env['AWS_ENDPOINT_URL'] || `https://sqs.${region}.${domain}`;
  return context.calls.withRetry(
    async ({ abortSignal }) => {
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` };
      const signer = new AwsV4Signer({
        ...(await context.calls.credentials()),
        ...{ url, method: 'POST', body: JSON.stringify(input), headers, service: 'sqs', region },
      } as ConstructorParameters<typeof AwsV4Signer>[0]);
      const signed = Object.fromEntries((await signer.sign()).headers.entries());
      const answer = await call(url, { timeoutMs, signal: abortSignal, json: input, headers: signed });
      if (answer.status === 200) return (answer.body || {}) as T;
      const { __type = '', message = '' } = Object(answer.body) as { __type?: string; message?: string };
      const name = __type.replace(/^.*#/, '') || String(answer.headers['x-amzn-errortype'] ?? `HTTP ${answer.status}`);
      if (/QueueDoesNotExist|NonExistentQueue/.test(name)) return undefined;
      const httpStatusCode = passing.includes(name) ? 503 : answer.status;
      throw Object.assign(new Error(message || name), { name, $metadata: { httpStatusCode } });
    },
    { action: `sqs:${action}`, resource },
  );
}

/** Account and partition are those of the role. */
export const queueArn = ({ region, role }: Pick<AwsLambdaSettings, 'region' | 'role'>, name: string): string => {
  const [, partition, , , account] = role.split(':');
  return `arn:${partition}:sqs:${region}:${account}:${name}`;
};

/** Its address; undefined where there is none. */
export async function urlOf(context: LambdaContext, name: string): Promise<string | undefined> {
  const resource = queueArn(context.settings, name);
  return (await askSqs<{ QueueUrl: string }>(context, 'GetQueueUrl', resource, { QueueName: name }))?.QueueUrl;
}

export async function attributesOf(context: LambdaContext, name: string, QueueUrl: string, AttributeNames: string[]) {
  const input = { QueueUrl, AttributeNames };
  const resource = queueArn(context.settings, name);
  const found = await askSqs<{ Attributes?: Record<string, string> }>(context, 'GetQueueAttributes', resource, input);
  return found?.Attributes ?? {};
}

/** A queue by its name, and whether it is the function's. */
export async function findQueue(
  context: LambdaContext,
  name: string,
  owner: string,
): Promise<{ url: string; isOwn: boolean } | undefined> {
  const url = await urlOf(context, name);
  if (url === undefined) return undefined;
  const resource = queueArn(context.settings, name);
  const input = { QueueUrl: url };
  const found = await askSqs<{ Tags?: Record<string, string> }>(context, 'ListQueueTags', resource, input);
  return found && { url, isOwn: found.Tags?.[ownerTag] === owner };
}

const foreign = (name: string, owner: string): ColdgateError =>
  new ColdgateError(
    'foreign-queue',
    exitCodes.usage,
    `There is a queue ${name} that Coldgate has not made, so it is left alone.`,
    { hint: `Rename it, or tag it ${ownerTag}=${owner} to have Coldgate manage it.`, data: { queue: name } },
  );

/**
 * Makes the queue, or brings its attributes to what they should be. Throws ColdgateError `foreign-queue` (exit 2) for one of
 * someone else.
 */
export async function ensureOne(
  context: LambdaContext,
  name: string,
  owner: string,
  Attributes: Record<string, string>,
): Promise<void> {
  const resource = queueArn(context.settings, name);
  const found = await findQueue(context, name, owner);
  if (found?.isOwn === false) throw foreign(name, owner);
  if (!found) {
    context.log.info(`Creating the queue ${name}.`);
    const tags = { ...context.settings.tags, [ownerTag]: owner };
    await askSqs(context, 'CreateQueue', resource, { QueueName: name, Attributes, tags });
    return;
  }
  const now = await attributesOf(context, name, found.url, Object.keys(Attributes));
  const differing = Object.entries(Attributes).filter(([key, value]) => now[key] !== value);
  if (differing.length === 0) return;
  const input = { QueueUrl: found.url, Attributes: Object.fromEntries(differing) };
  if (!(await askSqs(context, 'SetQueueAttributes', resource, input)))
    throw movedError(new Error(`${name} is gone again`));
}
