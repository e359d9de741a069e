import { asyncPrefix } from '../../model/layout.ts';
import type { LambdaGroup } from './account.ts';
import { arnsIn, type Feature } from './feature.ts';
import type { Statement } from './policy.ts';

/** A function's queue, and the one for its dead messages. */
const queueArns = (group: LambdaGroup): string[] =>
  group.functions.flatMap(({ name }) => arnsIn('sqs', name, `${name}-dead`)(group));

const hasQueue = ({ settings }: LambdaGroup): boolean => settings.queue !== undefined;

/** What the pipeline needs for `queue`. */
export const queueFeatures: readonly Feature[] = [
  {
    sid: 'LookAtQueues',
    operations: ['look', 'place', 'remove'],
    when: hasQueue,
    actions: ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'],
    resources: queueArns,
  },
  {
    sid: 'KeepQueues',
    operations: ['place', 'remove'],
    when: hasQueue,
    actions: ['sqs:CreateQueue', 'sqs:SetQueueAttributes', 'sqs:TagQueue', 'sqs:ListQueueTags', 'sqs:DeleteQueue'],
    resources: queueArns,
  },
  {
    sid: 'ListMappings',
    operations: ['place', 'remove'],
    when: hasQueue,
    // It knows no resources.
    actions: ['lambda:ListEventSourceMappings'],
    resources: () => ['*'],
  },
  {
    sid: 'KeepMappings',
    operations: ['place', 'remove'],
    when: hasQueue,
    actions: ['lambda:CreateEventSourceMapping', 'lambda:UpdateEventSourceMapping', 'lambda:DeleteEventSourceMapping'],
    // Their ids are known once they are made; whose they are is what counts.
    resources: () => ['*'],
    condition: (group) => ({
      ArnLike: {
        'lambda:FunctionArn': group.functions.flatMap(({ name }) =>
          arnsIn('lambda', `function:${name}`, `function:${name}:*`)(group),
        ),
      },
    }),
  },
];

/**
 * The function sends what it accepts, and Lambda takes messages in the name of the function's role:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export function queueStatements(groups: readonly LambdaGroup[]): Statement[] {
  const Resource = groups
    .filter(hasQueue)
    .flatMap((group) => group.functions.flatMap(({ name }) => arnsIn('sqs', name)(group)));
  if (Resource.length === 0) return [];
  const Action = ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
  return [{ Sid: 'UseQueue', Effect: 'Allow', Action, Resource }];
}

/** Prefixes in the store of what queues keep. */
export const resultPrefixes = (groups: readonly LambdaGroup[]): string[] =>
  groups.filter(hasQueue).flatMap(({ functions }) => functions.map(({ name }) => asyncPrefix(name)));
