import { randomUUID } from 'node:crypto';
import type { Incoming } from './contract.ts';
import type { NeighbourCall } from './neighbours.ts';
import { ServiceError } from './service-error.ts';
import type { Fields } from './state.ts';

export interface StoredQueue {
  url: string;
  attributes: Record<string, string>;
  tags: Record<string, string>;
  /** Bodies, and those that are being worked on. */
  waiting: number;
  working: number;
}

/** Least and most of each attribute that is a number: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
const numbers: Record<string, [number, number]> = {
  VisibilityTimeout: [0, 43_200],
  MessageRetentionPeriod: [60, 1_209_600],
  ReceiveMessageWaitTimeSeconds: [0, 20],
  MaximumMessageSize: [1024, 1_048_576],
  DelaySeconds: [0, 900],
};
const texts = ['RedrivePolicy', 'RedriveAllowPolicy', 'SqsManagedSseEnabled'];

const members: Record<string, string[]> = {
  CreateQueue: ['QueueName', 'Attributes', 'tags'],
  DeleteQueue: ['QueueUrl'],
  GetQueueAttributes: ['QueueUrl', 'AttributeNames'],
  GetQueueUrl: ['QueueName'],
  ListQueueTags: ['QueueUrl'],
  SetQueueAttributes: ['QueueUrl', 'Attributes'],
  TagQueue: ['QueueUrl', 'Tags'],
};

const bad = (message: string): ServiceError => new ServiceError('InvalidAttributeValue', 400, message);

/** The control plane of SQS by its JSON protocol, as far as a function's queue needs it, and stricter than emulators are. */
export class Queues {
  readonly all = new Map<string, StoredQueue>();

  read({ headers, body }: Incoming): NeighbourCall {
    const operation = /^AmazonSQS\.(\w+)$/.exec(headers['x-amz-target'] ?? '')?.[1] ?? '';
    const allowed = members[operation];
    if (!allowed || headers['content-type'] !== 'application/x-amz-json-1.0')
      throw new ServiceError('InvalidAction', 400, `no operation ${operation}`);
    const input = JSON.parse(body.toString('utf8')) as Fields;
    const unknown = Object.keys(input).find((name) => !allowed.includes(name));
    if (unknown !== undefined) throw new ServiceError('InvalidParameterValue', 400, `${operation} has no ${unknown}`);
    return {
      operation,
      input,
      mutating: !/^(?:Get|List)/.test(operation),
      answer: () => {
        const answer = this.#do(operation, input);
        const type = { 'content-type': 'application/x-amz-json-1.0' };
        return { status: 200, headers: type, body: Buffer.from(JSON.stringify(answer)) };
      },
    };
  }

  /** By the name at the end of an ARN. */
  of(arn: string): StoredQueue | undefined {
    return this.all.get(arn.split(':').at(-1) ?? '');
  }

  inventory(): string[] {
    return [...this.all].map(([name, { attributes }]) => `queue ${name} ${JSON.stringify(attributes)}`);
  }

  #do(operation: string, input: Fields): Fields {
    const name = String(input['QueueName'] ?? String(input['QueueUrl']).split('/').at(-1));
    if (operation === 'CreateQueue') return this.#create(name, input);
    const queue = this.all.get(name);
    if (!queue)
      throw new ServiceError('com.amazonaws.sqs#QueueDoesNotExist', 400, 'The specified queue does not exist.');
    switch (operation) {
      case 'GetQueueUrl':
        return { QueueUrl: queue.url };
      case 'ListQueueTags':
        return { Tags: queue.tags };
      case 'TagQueue':
        Object.assign(queue.tags, input['Tags']);
        return {};
      case 'DeleteQueue':
        this.all.delete(name);
        return {};
      case 'SetQueueAttributes':
        Object.assign(queue.attributes, this.#checked(input['Attributes'] as Record<string, string>));
        return {};
      default:
        return { Attributes: this.#attributesOf(queue, input['AttributeNames'] as string[]) };
    }
  }

  #create(name: string, input: Fields): Fields {
    if (!/^[\w-]{1,80}$/.test(name)) throw bad('Can only include alphanumeric characters, hyphens, or underscores.');
    const attributes = this.#checked((input['Attributes'] ?? {}) as Record<string, string>);
    const url = `https://sqs.eu-west-1.amazonaws.com/123456789012/${name}`;
    const known = this.all.get(name);
    const differs = known && Object.entries(attributes).some(([key, value]) => known.attributes[key] !== value);
    if (differs) throw new ServiceError('QueueNameExists', 400, 'A queue already exists with the same name');
    if (!known) {
      const tags = { ...(input['tags'] as Record<string, string>) };
      this.all.set(name, { url, attributes, tags, waiting: 0, working: 0 });
    }
    return { QueueUrl: url };
  }

  /** A dead-letter queue has to be there before it is named. */
  #checked(attributes: Record<string, string>): Record<string, string> {
    for (const [name, value] of Object.entries(attributes)) {
      const [least, most] = numbers[name] ?? [0, 0];
      if (typeof value !== 'string') throw bad(`${name} must be text`);
      if (name in numbers ? !(Number(value) >= least && Number(value) <= most) : !texts.includes(name))
        throw bad(`Invalid value for the parameter ${name}.`);
    }
    const redrive = JSON.parse(attributes['RedrivePolicy'] ?? '{}') as Fields;
    const target = redrive['deadLetterTargetArn'];
    if (target !== undefined && !this.of(String(target))) throw bad('Dead letter target does not exist.');
    const count = redrive['maxReceiveCount'] ?? 1;
    if (!(Number(count) >= 1 && Number(count) <= 1000)) throw bad('maxReceiveCount must be between 1 and 1000');
    return { ...attributes };
  }

  #attributesOf({ attributes, waiting, working }: StoredQueue, names: readonly string[]): Record<string, string> {
    const numbers = {
      ApproximateNumberOfMessages: String(waiting),
      ApproximateNumberOfMessagesNotVisible: String(working),
      ApproximateNumberOfMessagesDelayed: '0',
    };
    const all: Record<string, string> = { ...attributes, ...numbers };
    return Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
  }
}

/** An event source mapping as Lambda has it. */
export interface Mapping extends Fields {
  UUID: string;
  EventSourceArn: string;
  FunctionArn: string;
}

/** What Lambda's API does with mappings, and refuses. */
/** @param timeoutOf of the version that an ARN means; throws where there is none */
export function mappingOperations(queues: Queues, timeoutOf: (arn: string) => number) {
  const all = new Map<string, Mapping>();
  const invalid = (message: string): ServiceError => new ServiceError('InvalidParameterValueException', 400, message);
  const check = (
    { BatchSize, ScalingConfig, FunctionResponseTypes }: Fields,
    { EventSourceArn, FunctionArn }: Mapping,
  ) => {
    const queue = queues.of(EventSourceArn);
    if (!queue) throw invalid('The provided queue does not exist');
    const visibility = Number(queue.attributes['VisibilityTimeout'] ?? 30);
    const timeout = timeoutOf(FunctionArn);
    if (visibility < timeout)
      throw invalid(
        `Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${timeout} seconds`,
      );
    const most = (ScalingConfig as Fields | undefined)?.['MaximumConcurrency'] ?? 2;
    if (!(Number(most) >= 2 && Number(most) <= 1000)) throw invalid('MaximumConcurrency must be between 2 and 1000');
    if (!(Number(BatchSize ?? 10) >= 1 && Number(BatchSize ?? 10) <= 10)) throw invalid('BatchSize');
    for (const one of (FunctionResponseTypes ?? []) as string[])
      if (one !== 'ReportBatchItemFailures') throw invalid('FunctionResponseTypes');
  };
  const found = (input: Fields): Mapping => {
    const one = all.get(String(input['UUID']));
    if (!one) throw new ServiceError('ResourceNotFoundException', 404, 'The resource you requested does not exist.');
    return one;
  };
  const operations: Record<string, (input: Fields) => Fields> = {
    CreateEventSourceMapping({ FunctionName, ...input }) {
      const made = {
        ...input,
        UUID: randomUUID(),
        FunctionArn: String(FunctionName),
        State: 'Creating',
      } as unknown as Mapping;
      check(input, made);
      const twin = [...all.values()].find(
        (one) => one.EventSourceArn === made.EventSourceArn && one.FunctionArn === made.FunctionArn,
      );
      if (twin) throw new ServiceError('ResourceConflictException', 409, `already exists, UUID ${twin.UUID}`);
      all.set(made.UUID, made);
      return shown(made);
    },
    UpdateEventSourceMapping(input) {
      const one = found(input);
      check(input, one);
      return shown(Object.assign(one, input, { State: 'Updating' }));
    },
    DeleteEventSourceMapping(input) {
      const one = found(input);
      all.delete(one.UUID);
      return shown({ ...one, State: 'Deleting' });
    },
    ListEventSourceMappings: (input) => ({
      EventSourceMappings: [...all.values()].filter((one) => one.EventSourceArn === input['EventSourceArn']).map(shown),
    }),
  };
  return { all, operations };
}

/** `Enabled` is asked for, and answered as `State`. */
const shown = ({ Enabled: _, ...one }: Mapping): Fields => one;
