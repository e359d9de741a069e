import type { OpenDesk } from '../../queue/desk.ts';
import { createWorker, type WorkDeps } from '../../queue/work.ts';
import type { MessageRecord } from './event.ts';
import { type LambdaContext, UnknownEventError } from './lambda.ts';

/** What is reported to SQS of a batch: those messages are delivered again, and no other ones. */
interface BatchAnswer {
  batchItemFailures: { itemIdentifier: string }[];
}

/**
 * Works on messages one after another. One that fails is named in the answer and takes no other one along; never rejects.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function createMessages({ desk, ...deps }: Omit<WorkDeps, 'desk'> & { desk: OpenDesk | undefined }) {
  if (!desk) throw new UnknownEventError('messages of a queue, and COLDGATE_QUEUE names none');
  const { work } = createWorker({ ...deps, desk });
  return async (
    records: readonly MessageRecord[],
    { getRemainingTimeInMillis }: LambdaContext,
  ): Promise<BatchAnswer> => {
    const batchItemFailures: BatchAnswer['batchItemFailures'] = [];
    let longestMs = 0;
    for (const { messageId, body, attributes } of records) {
      const started = Date.now();
      // What would be cut short is left to another invocation: a timeout would fail those that are done as well.
      const isLate = (getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY) < longestMs + marginMs;
      const attempt = Number(attributes.ApproximateReceiveCount);
      const outcome = isLate ? 'again' : await work(Buffer.from(body, 'base64'), { attempt });
      if (outcome === 'again') batchItemFailures.push({ itemIdentifier: messageId });
      longestMs = Math.max(longestMs, Date.now() - started);
    }
    return { batchItemFailures };
  };
}

/** Of an invocation, for its answer. */
const marginMs = 1000;
