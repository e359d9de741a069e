import { type Facts, type Judgement, no, type Rule, yes } from '../rule.ts';

/**
 * Deliveries that a message should have at least. AWS advises five for functions, since a throttled call counts; Cloud Run
 * takes no fewer than 20. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
const leastOf = ({ provider }: Pick<Facts['target'], 'provider'>): number => (provider === 'aws-lambda' ? 5 : 3);

/** Calls that all instances take together, the field that says so, and half of them. Undefined where nothing caps them. */
function capacityOf({ target }: Pick<Facts, 'target'>): { calls: number; words: string; least: number } | undefined {
  switch (target.provider) {
    case 'aws-lambda': {
      const { reservedConcurrency: calls } = target;
      return calls === undefined ? undefined : { calls, words: `reserved-concurrency (${calls})`, least: 2 };
    }
    case 'google-cloud-run': {
      const { maxInstances, concurrency } = target;
      const words = `max-instances × concurrency (${maxInstances} × ${concurrency})`;
      // Each instance works on a message at a time, at least.
      return { calls: maxInstances * concurrency, words, least: maxInstances };
    }
    default:
      return undefined;
  }
}

/** How long a message is kept from others while it is worked on. */
function timeOf({ target }: Pick<Facts, 'target'>): string {
  switch (target.provider) {
    case 'aws-lambda':
      return `, each hidden for ${6 * target.timeout} s, six times as long as a call may take`;
    case 'google-cloud-run':
      return `, each for at most ${target.timeout} of the 600 s that Pub/Sub waits`;
    default:
      return '';
  }
}

export const queue: Rule = {
  id: 'queue',
  asks: 'messages leave room for callers who wait, and are tried often enough before they are given up',
  warns: true,
  looksUp: false,
  judge(facts): Judgement | undefined {
    const { target, targetPath } = facts;
    if (!target.queue) return undefined;
    const { maxConcurrency, attempts } = target.queue;
    const few = leastOf(target);
    if (attempts < few) {
      const why = `A message is given up after ${attempts} deliveries, and one that found no room or met a release counts: healthy ones die.`;
      return no(why, { set: [[`${targetPath}.queue.attempts`, String(few)]] });
    }
    const room = capacityOf(facts);
    const half = room && Math.max(room.least, Math.floor(room.calls / 2));
    if (room && half !== undefined && maxConcurrency >= room.calls && half < maxConcurrency) {
      const why = `Messages may take all of ${room.words}: who waits for an answer finds no room while there is work in the queue.`;
      return no(why, { set: [[`${targetPath}.queue.max-concurrency`, String(half)]] });
    }
    return yes(
      `${maxConcurrency} messages at a time, ${attempts} deliveries${timeOf(facts)}, then the dead-letter queue.`,
    );
  },
};
