import type { InvocationContext } from '@azure/functions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQueueHandler } from '../../../src/handler/platforms/azure/messages.ts';
import { openStorageQueue, queueName } from '../../../src/handler/platforms/azure/storage-queue.ts';
import { type Azure, openAzure } from '../../azure/azure.ts';
import { AzuriteQueues } from '../../azure/storage/azurite-queues.ts';
import { describeWith } from '../../emulators/servers.ts';

describe('a message of a queue trigger', () => {
  const deliver = async (entry: unknown, dequeueCount: unknown, outcome: 'done' | 'again' = 'done') => {
    const seen: [string, number][] = [];
    const handler = createQueueHandler(async () => async (message, { attempt }) => {
      seen.push([Buffer.from(message).toString(), attempt]);
      return outcome;
    });
    const context = { triggerMetadata: { dequeueCount } } as unknown as InvocationContext;
    const ended = await Promise.resolve(handler(entry, context)).then(
      () => 'taken',
      () => 'given back',
    );
    return [seen[0], ended];
  };

  it.each([
    ['of ours', Buffer.from('{"v":1}\nbody').toString('base64'), '{"v":1}\nbody'],
    ['as text', 'hello, context', 'hello, context'],
    ['that was read as JSON', { some: 1 }, '{"some":1}'],
    ['of nothing', '', ''],
  ])('%s reaches the function as bytes', async (_what, entry, text) => {
    expect(await deliver(entry, '3')).toEqual([[text, 3], 'taken']);
  });

  it('is given back by throwing', async () => {
    expect(await deliver('x', 2, 'again')).toEqual([['x', 2], 'given back']);
  });
});

it.each(['', 'digits', 'http://example.com/work', 'https://a.queue.core.windows.net/Work', 'https://a.example/w'])(
  'the address of a queue is not %j',
  (place) => {
    expect(() => queueName(place)).toThrow(/COLDGATE_QUEUE/);
  },
);

describeWith('azurite', 'a queue of a storage account', () => {
  let queues: AzuriteQueues;
  let azure: Azure;
  const role = '974c5e8b-45b9-4653-ba55-5f855dd0fb88';

  beforeAll(async () => {
    queues = await AzuriteQueues.start('coldgatetest');
    azure = await openAzure({ queues });
    await queues.ask('PUT', 'work');
  }, 60_000);
  afterAll(async () => {
    await azure?.close();
    await queues?.stop();
  });

  const open = (name = 'work', mayWrite = true) => {
    const identity = azure.context.iam.create('digits');
    if (mayWrite)
      azure.context.iam.grant(identity.oid, azure.context.iam.roleOf(role)!, azure.context.groupId('models'));
    const place = `${azure.urlOf('QUEUES')}/coldgatetest/${name}`;
    return openStorageQueue(
      place,
      azure.identityOf(() => identity),
    );
  };

  it('takes a message of as many bytes as it says as text, kept for good, and not one more', async () => {
    const queue = open();
    await queue.send(Buffer.alloc(queue.limit, 7));
    const [message] = await queues.peek('work');
    expect(Buffer.from(message?.text ?? '', 'base64')).toEqual(Buffer.alloc(queue.limit, 7));
    await expect(queue.send(Buffer.alloc(queue.limit + 1, 7))).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it('is refused in words to who may not send, and where there is none', async () => {
    await expect(open('work', false).send(Buffer.from('x'))).rejects.toMatchObject({
      ...{ code: 'store-denied', message: expect.stringContaining('Storage Queue Data Contributor') },
    });
    await expect(open('none').send(Buffer.from('x'))).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});
