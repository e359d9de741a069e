import { createHash } from 'node:crypto';
import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  type EventSourceMappingConfiguration,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import type { AwsLambdaSettings } from '../../config/schema/aws-lambda.ts';
import type { Change, QueueState } from '../../rollout/target.ts';
import { queueVariables } from '../queue-variables.ts';
import { gone } from './address.ts';
import type { LambdaContext } from './context.ts';
import { setTags } from './function-settings.ts';
import { askSqs, attributesOf, ensureOne, findQueue, queueArn, urlOf } from './sqs.ts';
import type { FunctionState } from './state.ts';

/** Tag of the function: a digest of its queue's settings; `none` when it has none any more. */
const queueTag = 'coldgate:queue';
const none = 'none';
const daySeconds = 86_400;

/** Where messages go that were given up. */
const deadName = (name: string): string => `${name}-dead`;

/** Variables of a live version that has a queue. */
export const sqsVariables = (settings: AwsLambdaSettings, name: string): Record<string, string> =>
  settings.queue ? { ...queueVariables(name, settings.queue), COLDGATE_QUEUE: queueArn(settings, name) } : {};

interface WantedQueue {
  dead: Record<string, string>;
  queue: Record<string, string>;
  mapping: {
    BatchSize: number;
    Enabled: boolean;
    FunctionResponseTypes: ['ReportBatchItemFailures'];
    ScalingConfig: { MaximumConcurrency: number };
  };
}

/**
 * Attributes: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
 * A message stays invisible for six times as long as a call may take, as AWS advises for functions. Without
 * MaximumConcurrency a function at its cap would be throttled, which counts as a delivery: healthy messages would die.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
function wantedOf({ settings }: LambdaContext, name: string): WantedQueue | undefined {
  const { queue, timeout } = settings;
  if (!queue) return undefined;
  const common = { SqsManagedSseEnabled: 'true', MaximumMessageSize: String(1024 * 1024) };
  const redrive = { deadLetterTargetArn: queueArn(settings, deadName(name)), maxReceiveCount: queue.attempts };
  const allow = { redrivePermission: 'byQueue', sourceQueueArns: [queueArn(settings, name)] };
  return {
    dead: { ...common, MessageRetentionPeriod: String(14 * daySeconds), RedriveAllowPolicy: JSON.stringify(allow) },
    queue: {
      ...common,
      VisibilityTimeout: String(6 * timeout),
      ReceiveMessageWaitTimeSeconds: '20',
      MessageRetentionPeriod: String(Math.min(queue.keepDays, 14) * daySeconds),
      RedrivePolicy: JSON.stringify(redrive),
    },
    mapping: {
      ...{ BatchSize: 1, Enabled: true, FunctionResponseTypes: ['ReportBatchItemFailures'] },
      ScalingConfig: { MaximumConcurrency: queue.maxConcurrency },
    },
  };
}

const digestOf = (wanted: WantedQueue | undefined, alias: string): string =>
  wanted
    ? createHash('sha256')
        .update(JSON.stringify([wanted, alias]))
        .digest('hex')
        .slice(0, 16)
    : none;

/** Whether the function has a queue, or had one. */
const hasQueue = ({ tags }: FunctionState): boolean => (tags[queueTag] ?? none) !== none;

/** What `ensureQueue` would do, in words. Pure. */
export function plannedQueue(context: LambdaContext, state: FunctionState): string[] {
  const wanted = wantedOf(context, state.name);
  if ((state.tags[queueTag] ?? none) === digestOf(wanted, context.settings.alias)) return [];
  return [wanted ? `${hasQueue(state) ? 'change' : 'make'} its queue` : 'remove its queue'];
}

/**
 * Makes the queue, the one for dead messages, and what delivers to the live alias alone; takes them away where models.yaml
 * names none any more. Returns true if anything was changed.
 */
export async function ensureQueue(context: LambdaContext, state: FunctionState): Promise<boolean> {
  const { name } = state;
  const { alias } = context.settings;
  const wanted = wantedOf(context, name);
  const mark = digestOf(wanted, alias);
  if ((state.tags[queueTag] ?? none) === mark) return false;
  if (!wanted) return endUnlessUsed(context, state);
  // Tagged before anything is made, so that a later run finds it if this one is killed in between.
  await setTags(context, state, { [queueTag]: 'new' });
  await ensureOne(context, deadName(name), name, wanted.dead);
  await ensureOne(context, name, name, wanted.queue);
  await ensureMapping(context, state, wanted.mapping);
  return setTags(context, state, { [queueTag]: mark });
}

/** Messages are not thrown away by a release: the queue stays until it is empty. */
async function endUnlessUsed(context: LambdaContext, state: FunctionState): Promise<boolean> {
  const left = totalOf(await queueState(context, state));
  if (left > 0) {
    const hint = 'Put queue: back to have them done, or destroy the function to drop them.';
    context.log.warn(`The queue of ${state.name} is kept: about ${left} messages are in it. ${hint}`);
    return false;
  }
  await endQueue(context, state);
  return setTags(context, state, { [queueTag]: none });
}

/** Takes it all away, with the messages. */
export async function endQueue(context: LambdaContext, state: FunctionState): Promise<void> {
  if (!hasQueue(state)) return;
  for (const { UUID } of await mappingsOf(context, state)) {
    await gone(context.calls.send(new DeleteEventSourceMappingCommand({ UUID })));
  }
  for (const name of [state.name, deadName(state.name)]) {
    const found = await findQueue(context, name, state.name);
    const QueueUrl = found?.isOwn ? found.url : undefined;
    if (QueueUrl) await askSqs(context, 'DeleteQueue', queueArn(context.settings, name), { QueueUrl });
  }
}

/** The queue as what goes with the function. */
export async function queueChanges(context: LambdaContext, state: FunctionState | undefined): Promise<Change[]> {
  if (!state || !hasQueue(state)) return [];
  const left = totalOf(await queueState(context, state));
  return [{ action: 'delete', what: `the queue of ${state.name} with about ${left} messages` }];
}

/** About how many messages there are; undefined where there is no queue. */
export async function queueState(context: LambdaContext, state: FunctionState): Promise<QueueState | undefined> {
  if (!hasQueue(state)) return undefined;
  const [waiting, working] = await countOf(context, state.name);
  const [dead, looked] = await countOf(context, deadName(state.name));
  return { waiting, working, dead: dead + looked };
}

const totalOf = (state: QueueState | undefined): number => (state ? state.waiting + state.working + state.dead : 0);

async function countOf(context: LambdaContext, name: string): Promise<[waiting: number, working: number]> {
  const url = await urlOf(context, name);
  if (url === undefined) return [0, 0];
  const names = ['', 'NotVisible', 'Delayed'].map((kind) => `ApproximateNumberOfMessages${kind}`);
  const now = await attributesOf(context, name, url, names);
  const [visible = 0, taken = 0, later = 0] = names.map((one) => Number(now[one] ?? 0));
  return [visible + later, taken];
}

async function mappingsOf(context: LambdaContext, { name, arn }: FunctionState) {
  const EventSourceArn = queueArn(context.settings, name);
  const found = await context.calls.send(new ListEventSourceMappingsCommand({ EventSourceArn }));
  return (found.EventSourceMappings ?? []).filter(({ FunctionArn = '' }) => FunctionArn.startsWith(arn));
}

/** On the alias, so that a move of live traffic takes the messages along, and candidates get none. */
async function ensureMapping(
  context: LambdaContext,
  state: FunctionState,
  wanted: WantedQueue['mapping'],
): Promise<void> {
  const FunctionName = `${state.arn}:${context.settings.alias}`;
  const isOurs = ({ FunctionArn }: EventSourceMappingConfiguration): boolean => FunctionArn === FunctionName;
  const found = await mappingsOf(context, state);
  for (const { UUID } of found.filter((one) => !isOurs(one))) {
    await gone(context.calls.send(new DeleteEventSourceMappingCommand({ UUID })));
  }
  const own = found.find(isOurs);
  if (!own) {
    const EventSourceArn = queueArn(context.settings, state.name);
    await context.calls.send(new CreateEventSourceMappingCommand({ EventSourceArn, FunctionName, ...wanted }));
  } else {
    await context.calls.send(new UpdateEventSourceMappingCommand({ UUID: own.UUID, ...wanted }));
  }
}
