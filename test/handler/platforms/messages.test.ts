import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plainForm } from '../../../src/handler/http/log-form.ts';
import { readEvent } from '../../../src/handler/platforms/aws/event.ts';
import { createMessages } from '../../../src/handler/platforms/aws/messages.ts';
import { QueueBed } from '../queue/queue-bed.ts';

let bed: QueueBed;
let handle: ReturnType<typeof createMessages>;
beforeEach(() => {
  bed = new QueueBed({ COLDGATE_QUEUE_ATTEMPTS: '3' });
  const write = (line: string): void => void bed.test.lines.push(line);
  handle = createMessages({ app: bed.test.app, desk: bed.open, write, form: plainForm });
});
afterEach(() => bed.close());

/** As SQS has it in Lambda's events. */
const record = (messageId: string, message: Uint8Array, count = 1) => ({
  messageId,
  receiptHandle: 'AQEB',
  body: Buffer.from(message).toString('base64'),
  attributes: { ApproximateReceiveCount: String(count), SentTimestamp: '1796122800000' },
  messageAttributes: {},
  md5OfBody: '0'.repeat(32),
  eventSource: 'aws:sqs' as const,
  eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:digits',
  awsRegion: 'eu-west-1',
});

describe('messages of SQS', () => {
  it('are told from uploads and from records of others', () => {
    const one = record('a', Buffer.from('x'));
    expect(readEvent({ Records: [one] })).toEqual({ kind: 'messages', records: [one] });
    const shape = 'Records of aws:sqs';
    expect(readEvent({ Records: [{ ...one, attributes: {} }] })).toEqual({ kind: 'unknown', shape });
    expect(readEvent({ Records: [one, { ...one, eventSource: 'aws:kinesis' }] })).toMatchObject({ kind: 'unknown' });
  });

  it('fail one by one: what cannot be worked on takes nothing else along', async () => {
    const good = await bed.accepted({ inputs: [[1, 2]] });
    const first = bed.messages.at(-1) as Uint8Array;
    const refused = await bed.accepted({ inputs: [[1]] });
    const second = bed.messages.at(-1) as Uint8Array;
    const records = [record('1', first), record('2', Buffer.from('none')), record('3', second)];
    expect(await handle(records, {})).toEqual({ batchItemFailures: [{ itemIdentifier: '2' }] });
    expect((await bed.look(good)).json).toMatchObject({ status: 'done' });
    expect((await bed.look(refused)).json).toMatchObject({ status: 'failed' });
  });

  it('count attempts as SQS does, and leave a reason at the last', async () => {
    await handle([record('1', Buffer.from('none'), 2)], {});
    expect(bed.kept('dead')).toEqual([]);
    await handle([record('1', Buffer.from('none'), 3)], {});
    expect(bed.kept('dead')).toHaveLength(1);
  });

  it('for which no time is left are delivered again, and not begun', async () => {
    const id = await bed.accepted({ inputs: [[1, 2]] });
    const late = { getRemainingTimeInMillis: () => 500 };
    const message = bed.messages.at(-1) as Uint8Array;
    expect(await handle([record('1', message)], late)).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] });
    expect((await bed.look(id)).json).toMatchObject({ status: 'pending' });
  });

  it('of a function without a queue are an event that it does not know', () => {
    const deps = { app: bed.test.app, write: () => {}, form: plainForm };
    expect(() => createMessages({ ...deps, desk: undefined })).toThrow('COLDGATE_QUEUE');
  });
});
