import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { askSqs } from '../../emulators/elasticmq.ts';
import { describeWith } from '../../emulators/servers.ts';
import { type AdapterBed, openAdapterBed } from '../../handler/platforms/adapter-bed.ts';
import { answerOf, bodyOf } from '../../handler/queue/soak.ts';
import { postEvent, Sandbox } from '../../handler/queue/sqs-soak.ts';
import { lambdaOf, makeRole, openFront, requestOn, targetOn } from '../../lambda/emulator-bench.ts';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';

const arn = `arn:aws:sqs:eu-west-1:123456789012:${functionName}`;

interface Message {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  Attributes: Record<string, string>;
}

/** What a function keeps of its jobs. */
const keptIn = ({ store }: AdapterBed, name: string, kind: string): string[] => {
  const folder = join(store.root, '_coldgate', 'async', name, kind);
  return existsSync(folder) ? readdirSync(folder).filter((file) => !file.startsWith('.')) : [];
};

const resultOf = ({ store }: AdapterBed, name: string, id: string): unknown =>
  JSON.parse(readFileSync(join(store.root, '_coldgate', 'async', name, 'results', `${id}.json`), 'utf8'));

/* What a release makes on an SQS of others, and the bundled function before and behind it; Lambda's mapping is a loop of ours. */
describeWith('elasticmq', 'the queue of a function on ElasticMQ', (server) => {
  let bench: FunctionBench;
  let bed: AdapterBed;
  let sandbox: Sandbox;
  const QueueUrl = (): string => `${server().endpoint}/123456789012/${functionName}`;
  const ask = (action: string, input: Record<string, unknown>) => askSqs(server().endpoint, action, input);
  const route = async (more: Record<string, unknown>) =>
    (await bench.target(more)).route(bench.request('live', '1.0.0'));
  const queue = { queue: { attempts: 2 }, timeout: 60 };
  const state = async () => (await (await bench.target(queue)).describe({ name: functionName })).queue;

  beforeAll(async () => {
    bench = await FunctionBench.open();
    for (const [name, value] of Object.entries(server().env)) vi.stubEnv(name, value);
    // Lambda looks for the queue of a mapping; the stand-in for Lambda has an SQS of its own.
    const attributes = { VisibilityTimeout: '360' };
    bench.lambda.neighbours.queues.all.set(functionName, { url: '', attributes, tags: {}, waiting: 0, working: 0 });
    bed = await openAdapterBed();
    sandbox = new Sandbox(
      bed.bundle,
      {
        ...{ ...bed.variables, ...server().env, HOME: bed.bundle, COLDGATE_MAX_PAYLOAD_KB: '2048' },
        ...{ COLDGATE_QUEUE: arn, COLDGATE_QUEUE_ATTEMPTS: '2' },
        COLDGATE_QUEUE_PREFIX: `_coldgate/async/${functionName}/`,
      },
      undefined,
    );
  }, 120_000);
  afterAll(async () => {
    sandbox?.stop();
    bed?.remove();
    await bench?.close();
    vi.unstubAllEnvs();
  });

  const receive = async (size: number): Promise<Message[]> => {
    const input = { QueueUrl: QueueUrl(), MaxNumberOfMessages: size, AttributeNames: ['All'], WaitTimeSeconds: 0 };
    return ((await ask('ReceiveMessage', input)).body['Messages'] ?? []) as Message[];
  };
  /** Visible at once, and not when its time is over. */
  const giveBack = ({ ReceiptHandle }: Message) =>
    ask('ChangeMessageVisibility', { QueueUrl: QueueUrl(), ReceiptHandle, VisibilityTimeout: 0 });
  /** As the mapping: invokes with what is there, and deletes what has not failed. Returns how many there were. */
  const poll = async (size = 10): Promise<number> => {
    const messages = await receive(size);
    if (messages.length === 0) return 0;
    const Records = messages.map(({ MessageId, ReceiptHandle, Body, Attributes }) => ({
      ...{ messageId: MessageId, receiptHandle: ReceiptHandle, body: Body, attributes: Attributes },
      ...{ messageAttributes: {}, eventSource: 'aws:sqs', eventSourceARN: arn, awsRegion: 'eu-west-1' },
    }));
    const { answer } = (await sandbox.invoke({ Records })) as {
      answer: { batchItemFailures: { itemIdentifier: string }[] };
    };
    const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const one of messages) {
      if (failed.has(one.MessageId)) await giveBack(one);
      else await ask('DeleteMessage', { QueueUrl: QueueUrl(), ReceiptHandle: one.ReceiptHandle });
    }
    return messages.length;
  };
  const submit = async (body: string, key: string): Promise<{ statusCode: number; id: string; code?: string }> => {
    const { answer } = (await sandbox.invoke({ ...postEvent({}, key), body })) as {
      answer: { statusCode: number; body: string };
    };
    const { id = '', error } = JSON.parse(answer.body) as { id?: string; error?: { code: string } };
    return { statusCode: answer.statusCode, id, ...(error && { code: error.code }) };
  };
  const result = (id: string) => resultOf(bed, functionName, id);

  it('is made with its dead-letter queue, once, and counted', async () => {
    expect(await route(queue)).toMatchObject({ changed: true });
    const names = ['VisibilityTimeout', 'RedrivePolicy', 'ReceiveMessageWaitTimeSeconds'];
    const { body } = await ask('GetQueueAttributes', { QueueUrl: QueueUrl(), AttributeNames: names });
    expect(body['Attributes']).toEqual({
      ...{ VisibilityTimeout: '360', ReceiveMessageWaitTimeSeconds: '20' },
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${arn}-dead`, maxReceiveCount: 2 }),
    });
    expect(await route(queue)).toMatchObject({ changed: false });
    expect(await state()).toEqual({ waiting: 0, working: 0, dead: 0 });
  });

  it('takes what fits a message as it is, and what is longer by the store', async () => {
    const short = await submit(JSON.stringify(bodyOf(1)), 'short');
    const pad = (size: number, job: number): string => JSON.stringify(bodyOf(job)).padEnd(size, ' ');
    const full = await submit(pad(786_000, 2), 'full');
    expect([short.statusCode, full.statusCode, keptIn(bed, functionName, 'inputs')]).toEqual([202, 202, []]);
    const long = await submit(pad(790_000, 3), 'long');
    expect([long.statusCode, keptIn(bed, functionName, 'inputs')]).toEqual([202, [long.id]]);
    expect(await state()).toMatchObject({ waiting: 3 });
    while ((await poll(1)) > 0);
    for (const [at, { id }] of [short, full, long].entries())
      expect(result(id)).toMatchObject({ status: 'done', attempt: 1, answer: answerOf(at + 1) });
    expect(await state()).toEqual({ waiting: 0, working: 0, dead: 0 });
  });

  it('makes one result of a request that was sent twice, and of a message that was', async () => {
    const before = keptIn(bed, functionName, 'results').length;
    const [one, again] = [
      await submit(JSON.stringify(bodyOf(4)), 'twice'),
      await submit(JSON.stringify(bodyOf(4)), 'twice'),
    ];
    expect(again).toEqual(one);
    while ((await poll()) > 0);
    expect([keptIn(bed, functionName, 'results').length, result(one.id)]).toMatchObject([
      before + 1,
      { status: 'done' },
    ]);
    expect(await submit(JSON.stringify(bodyOf(5)), 'twice')).toMatchObject({ statusCode: 409, code: 'key-reused' });
  });

  it('puts a message aside that is none, with its reason, and takes no other one of its batch along', async () => {
    await ask('SendMessage', { QueueUrl: QueueUrl(), MessageBody: 'hello' });
    const good = await submit(JSON.stringify(bodyOf(6)), 'beside');
    while ((await poll()) > 0);
    expect(result(good.id)).toMatchObject({ status: 'done', attempt: 1 });
    expect(await state()).toEqual({ waiting: 0, working: 0, dead: 1 });
    expect(keptIn(bed, functionName, 'dead')).toEqual([expect.stringMatching(/^bad-[0-9a-f]{24}\.json$/)]);
  });

  it('has what was given up done when it is moved back from there', async () => {
    const { id } = await submit(JSON.stringify(bodyOf(7)), 'redriven');
    // Its environment ended both times, and SQS puts it aside at the third.
    for (let nth = 0; nth < 3; nth++) for (const one of await receive(10)) await giveBack(one);
    expect(await state()).toEqual({ waiting: 0, working: 0, dead: 2 });
    expect((await ask('StartMessageMoveTask', { SourceArn: `${arn}-dead` })).status).toBe(200);
    await vi.waitFor(async () => {
      await poll();
      expect(result(id)).toMatchObject({ status: 'done', answer: answerOf(7) });
    }, 60_000);
  });

  it('goes with the function, and a request is not accepted then', async () => {
    await (await bench.target(queue)).remove({ name: functionName }, 'all');
    for (const QueueName of [functionName, `${functionName}-dead`])
      expect((await ask('GetQueueUrl', { QueueName })).body).toMatchObject({
        __type: expect.stringContaining('QueueDoesNotExist'),
      });
    expect(await submit(JSON.stringify(bodyOf(8)), 'late')).toMatchObject({
      statusCode: 503,
      code: 'queue-unavailable',
    });
  });
});

/* An event source mapping that others wrote: ministack polls its SQS, and runs the bundled function by Node. */
describeWith('ministack', 'the queue of a function on ministack', (server) => {
  const name = `queued-${process.pid}`;
  let bed: AdapterBed;
  let front: Awaited<ReturnType<typeof openFront>>;
  let close = (): void => {};

  beforeAll(async () => {
    bed = await openAdapterBed();
    front = await openFront(server(), {
      models: new Map([['1.0.0', 'a'.repeat(64)]]),
      pointer: '1.0.0',
      broken: new Set(),
    });
  }, 120_000);
  afterAll(() => {
    close();
    front?.close();
    bed?.remove();
    vi.unstubAllEnvs();
  });

  it('delivers by the mapping of the live alias, until it is taken away', async () => {
    for (const [key, value] of Object.entries({ ...server().env, AWS_ENDPOINT_URL: front.url })) vi.stubEnv(key, value);
    const settings = { auth: 'none', endpoint: 'none', queue: { attempts: 3 }, timeout: 60 };
    const [target, end] = await targetOn(await makeRole(server()), settings);
    close = end;
    const text = `export const { handler } = await import(${JSON.stringify(pathToFileURL(join(bed.bundle, 'lambda.mjs')).href)});`;
    const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = server().env;
    const access = { AWS_ENDPOINT_URL_SQS: server().endpoint, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
    const variables = { storeVariables: { ...bed.variables, ...access }, model: 'tiny' };
    await target.route(requestOn({ name, text, folder: bed.bundle, settings: variables }));
    const client = lambdaOf(server());
    const post = async (job: number): Promise<string> => {
      const Payload = JSON.stringify(postEvent(bodyOf(job), `job-${job}`));
      const reply = await client.send(new InvokeCommand({ FunctionName: name, Qualifier: 'live', Payload }));
      const { statusCode, body } = JSON.parse(Buffer.from(reply.Payload ?? []).toString()) as {
        statusCode: number;
        body: string;
      };
      expect([statusCode, body]).toEqual([202, expect.stringContaining('"id"')]);
      return (JSON.parse(body) as { id: string }).id;
    };
    const ids = [await post(1), await post(2), await post(3)];
    await vi.waitFor(
      () => {
        for (const [at, id] of ids.entries())
          expect(resultOf(bed, name, id)).toMatchObject({ status: 'done', attempt: 1, answer: answerOf(at + 1) });
      },
      { timeout: 60_000, interval: 200 },
    );
    expect((await target.describe({ name })).queue).toMatchObject({ waiting: 0, dead: 0 });
    client.destroy();
    await target.remove({ name }, 'all');
    expect(await askSqs(server().endpoint, 'GetQueueUrl', { QueueName: name })).toMatchObject({ status: 400 });
  }, 120_000);
});
