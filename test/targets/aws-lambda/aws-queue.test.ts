import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';
import { ServiceError } from '../../lambda/service-error.ts';

const arn = `arn:aws:sqs:eu-west-1:123456789012:${functionName}`;

describe('the queue of the aws-lambda target', () => {
  let bench: FunctionBench;
  const route = async (more: Record<string, unknown>) =>
    (await bench.target(more)).route(bench.request('live', '1.0.0'));
  const queue = (name = functionName) => bench.lambda.neighbours.queues.all.get(name);
  const mappings = () => [...bench.lambda.neighbours.mappings.all.values()];
  const variablesOf = (alias: string) => {
    const { configuration } = bench.lambda.account.version(functionName, alias);
    return (configuration['Environment'] as { Variables: Record<string, string> }).Variables;
  };
  beforeAll(async () => {
    bench = await FunctionBench.open();
  });
  beforeEach(async () => {
    await (await bench.target()).remove({ name: functionName }, 'all');
    bench.lambda.neighbours.queues.all.clear();
    bench.lambda.neighbours.mappings.all.clear();
    bench.lambda.take();
  });
  afterAll(() => bench.close());

  it('is made with its dead-letter queue, and delivers to the live alias alone', async () => {
    await route({ queue: { 'max-concurrency': 4, attempts: 7 }, timeout: 60 });
    expect(queue()?.attributes).toEqual({
      MaximumMessageSize: '1048576',
      MessageRetentionPeriod: '604800',
      ReceiveMessageWaitTimeSeconds: '20',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${arn}-dead`, maxReceiveCount: 7 }),
      SqsManagedSseEnabled: 'true',
      VisibilityTimeout: '360',
    });
    expect(queue(`${functionName}-dead`)?.attributes).toMatchObject({
      MessageRetentionPeriod: '1209600',
      RedriveAllowPolicy: JSON.stringify({ redrivePermission: 'byQueue', sourceQueueArns: [arn] }),
    });
    expect(mappings()).toMatchObject([
      {
        EventSourceArn: arn,
        FunctionArn: `arn:aws:lambda:eu-west-1:123456789012:function:${functionName}:live`,
        BatchSize: 1,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 4 },
      },
    ]);
    expect(variablesOf('live')).toMatchObject({
      COLDGATE_QUEUE: arn,
      COLDGATE_QUEUE_ATTEMPTS: '7',
      COLDGATE_QUEUE_PREFIX: `_coldgate/async/${functionName}/`,
    });
  });

  it('is not touched where nothing differs, nor by a candidate, which has none', async () => {
    await route({ queue: {} });
    bench.lambda.take();
    expect(await route({ queue: {} })).toMatchObject({ changed: false });
    expect(bench.lambda.take().mutating).toEqual([]);
    const target = await bench.target({ queue: {} });
    await target.deploy(bench.request('candidate', '1.1.0'));
    expect(variablesOf('candidate-1_1_0')).not.toHaveProperty('COLDGATE_QUEUE');
    expect(mappings()).toHaveLength(1);
  });

  it('follows its settings, and its plan says so', async () => {
    await route({ queue: {} });
    const [{ UUID } = { UUID: '' }] = mappings();
    const changed = { queue: { 'max-concurrency': 20 }, timeout: 100 };
    const target = await bench.target(changed);
    const plan = await target.plan(bench.request('live', '1.0.0'));
    expect(plan.map(({ what }) => what)).toContain(`function ${functionName}: change its queue`);
    await route(changed);
    expect(queue()?.attributes).toMatchObject({ VisibilityTimeout: '600' });
    expect(mappings()).toMatchObject([{ UUID, ScalingConfig: { MaximumConcurrency: 20 } }]);
  });

  it('goes when the setting goes, but not with messages in it', async () => {
    await route({ queue: {} });
    const made = queue(`${functionName}-dead`);
    if (made) made.waiting = 3;
    const target = await bench.target({ queue: {} });
    expect((await target.describe({ name: functionName })).queue).toEqual({ waiting: 0, working: 0, dead: 3 });
    await route({});
    expect([queue() === undefined, mappings().length]).toEqual([false, 1]);
    if (made) made.waiting = 0;
    await route({});
    expect([bench.lambda.neighbours.queues.all.size, mappings().length]).toEqual([0, 0]);
    bench.lambda.take();
    expect(await route({})).toMatchObject({ changed: false });
    expect(bench.lambda.take().mutating).toEqual([]);
  });

  it('goes with the function, whatever is in it', async () => {
    await route({ queue: {} });
    const made = queue();
    if (made) made.waiting = 2;
    const target = await bench.target({ queue: {} });
    const what = `the queue of ${functionName} with about 2 messages`;
    expect(await target.besides?.({ name: functionName })).toEqual([{ action: 'delete', what }]);
    const changes = await target.remove({ name: functionName }, 'all');
    expect(changes).toContainEqual({ action: 'delete', what });
    expect([bench.lambda.neighbours.queues.all.size, mappings().length]).toEqual([0, 0]);
  });

  it('of someone else is left alone', async () => {
    const [url, attributes] = [`https://sqs.eu-west-1.amazonaws.com/123456789012/${functionName}`, {}];
    bench.lambda.neighbours.queues.all.set(functionName, { url, attributes, tags: {}, waiting: 0, working: 0 });
    await expect(route({ queue: {} })).rejects.toMatchObject({ code: 'foreign-queue', exit: 2 });
    expect(queue()?.attributes).toEqual({});
  });

  it.each([
    ['made', {}, { queue: {} }],
    ['changed', { queue: {} }, { queue: { attempts: 9 }, timeout: 90 }],
    ['removed', { queue: {} }, {}],
  ])('is %s after a run that ended at any of its calls', async (_what, before, after) => {
    const there = (): string[] => [
      ...bench.lambda.neighbours.queues.inventory(),
      ...mappings().map(({ UUID: _, State: __, ...one }) => JSON.stringify(one)),
    ];
    await route(after);
    const wanted = there();
    const killedAt = async (nth: number): Promise<boolean> => {
      let count = 0;
      const stop = new AbortController();
      bench.lambda.fault = (operation) => {
        if (stop.signal.aborted) return new ServiceError('ServiceException', 500, 'a call of a run that has ended');
        if (/^(?:Get|List|Invoke)/.test(operation) || ++count !== nth) return undefined;
        stop.abort(new Error('killed'));
        return 'lost';
      };
      const killed = await bench.target(after, stop.signal);
      await killed.route(bench.request('live', '1.0.0')).catch(() => {});
      bench.lambda.fault = () => undefined;
      return count >= nth;
    };
    await route(before);
    for (let nth = 1; await killedAt(nth); nth++) {
      await route(after);
      expect([nth, there()]).toEqual([nth, wanted]);
      await route(before);
    }
  });

  it.each(['CreateQueue', 'SetQueueAttributes', 'CreateEventSourceMapping', 'TagResource'])(
    'is whole after a run that lost the answer of %s',
    async (operation) => {
      if (operation === 'SetQueueAttributes') await route({ queue: { attempts: 9 } });
      let lost = false;
      bench.lambda.fault = (asked) => {
        if (asked !== operation || lost) return undefined;
        lost = true;
        return 'lost';
      };
      await route({ queue: {} }).catch(() => {});
      bench.lambda.fault = () => undefined;
      await route({ queue: {} });
      expect([lost, mappings().length, bench.lambda.neighbours.queues.all.size]).toEqual([true, 1, 2]);
      expect(queue()?.attributes['RedrivePolicy']).toContain('"maxReceiveCount":5');
    },
  );
});
