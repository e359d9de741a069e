import { randomUUID } from 'node:crypto';
import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';
import type { GoogleContext } from '../context.ts';
import { defaultExpiry, secondsOf } from './limits.ts';
import { agentOf, isSuccess, push, type Waiting } from './push.ts';

/** One push, and what came of it. */
export interface Delivery {
  subscription: string;
  messageId: string;
  attempt: number;
  /** 0 where no answer came in time. */
  status: number;
}

interface Deps {
  context: GoogleContext;
  /** Publishes to a topic as Pub/Sub itself; false where there is none. */
  forward(topic: string, message: Fields): boolean;
  delivered(delivery: Delivery): void;
}

/** Pushes at once to an endpoint that has answered every time: https://cloud.google.com/pubsub/docs/push#quotas */
const maxWindow = 1000;

/** A subscription with what it has not delivered yet. */
export class Subscription {
  /** As Pub/Sub answers it. */
  body: Fields;
  readonly waiting = new Map<string, Waiting>();
  /** Pushes that have begun and are not over. */
  readonly out = new Set<Promise<void>>();
  /** When it was last made, changed or acknowledged by, ms of the context's clock. */
  active: number;
  readonly #deps: Deps;
  /** How many pushes at once: it grows with successes, and shrinks with failures. */
  #window = 3;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #isClosed = false;

  constructor(body: Fields, deps: Deps) {
    this.body = body;
    this.#deps = deps;
    this.active = deps.context.now().getTime();
  }

  get name(): string {
    return String(this.body['name']);
  }

  get isPush(): boolean {
    return fieldsOf(this.body['pushConfig'])['pushEndpoint'] !== undefined;
  }

  /** Whether nobody has used it for as long as it lives then. */
  get isExpired(): boolean {
    const ttl = secondsOf(fieldsOf(this.body['expirationPolicy'] ?? { ttl: `${defaultExpiry}s` })['ttl'], 0);
    return ttl > 0 && this.#deps.context.now().getTime() - this.active > ttl * 1000;
  }

  add(message: Fields & { messageId: string }): void {
    const since = this.#deps.context.now().getTime();
    this.waiting.set(message.messageId, { message, attempts: 0, from: 0, isOut: false, since });
    this.wake();
  }

  /** For a subscription without an endpoint. */
  pull(most: number): { ackId: string; message: Fields }[] {
    this.active = this.#deps.context.now().getTime();
    this.#forget();
    const free = [...this.waiting.values()].filter(({ isOut }) => !isOut).slice(0, most);
    for (const one of free) one.isOut = true;
    return free.map(({ message }) => ({ ackId: message.messageId, message }));
  }

  acknowledge(ids: readonly string[]): void {
    this.active = this.#deps.context.now().getTime();
    for (const id of ids) this.waiting.delete(id);
  }

  /** Pushes what may go out now, and looks again when more may. */
  wake(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed || !this.isPush) return;
    this.#forget();
    const now = Date.now();
    const free = [...this.waiting.values()].filter(({ isOut }) => !isOut);
    const due = free.filter(({ from }) => from <= now).slice(0, Math.max(0, this.#window - this.out.size));
    for (const one of due) this.#begin(one);
    const next = Math.min(...free.filter(({ from }) => from > now).map(({ from }) => from));
    if (Number.isFinite(next)) this.#timer = setTimeout(() => this.wake(), Math.max(1, next - now));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #begin(one: Waiting): void {
    one.isOut = true;
    const run = this.#send(one).finally(() => {
      this.out.delete(run);
      this.wake();
    });
    this.out.add(run);
  }

  async #send(one: Waiting): Promise<void> {
    const { context, delivered } = this.#deps;
    one.attempts++;
    const attempt = one.attempts;
    const status = await push(context, this.body, one);
    delivered({ subscription: this.name, messageId: one.message.messageId, attempt, status });
    one.isOut = false;
    if (isSuccess(status)) this.#acked(one);
    else this.#nacked(one);
  }

  #acked(one: Waiting): void {
    this.active = this.#deps.context.now().getTime();
    this.#window = Math.min(maxWindow, this.#window * 2);
    const { pushDuplicates } = this.#deps.context.knobs;
    // Delivered at least once: some come again although they were acknowledged.
    const isAgain = pushDuplicates > 0 && ++this.#count % pushDuplicates === 0;
    if (!isAgain) this.waiting.delete(one.message.messageId);
  }

  #nacked(one: Waiting): void {
    this.#window = Math.max(1, Math.floor(this.#window / 2));
    if (this.#isDead(one)) return;
    const { minimumBackoff, maximumBackoff } = fieldsOf(this.body['retryPolicy']);
    const hasPolicy = this.body['retryPolicy'] !== undefined;
    const least = hasPolicy ? secondsOf(minimumBackoff, 10) : 0.1;
    const seconds = Math.min(least * 2 ** (one.attempts - 1), hasPolicy ? secondsOf(maximumBackoff, 600) : 60);
    one.from = Date.now() + seconds * 1000 * this.#deps.context.knobs.pushTimeScale;
  }

  /** Hands on what was tried often enough. Where Pub/Sub itself may not, nothing is said, and it is tried for good. */
  #isDead(one: Waiting): boolean {
    const { deadLetterTopic, maxDeliveryAttempts } = fieldsOf(this.body['deadLetterPolicy']);
    if (typeof deadLetterTopic !== 'string' || one.attempts < Number(maxDeliveryAttempts)) return false;
    const { context, forward } = this.#deps;
    const agent = agentOf(context);
    const may =
      context.iam.allows(agent, 'pubsub.topics.publish', deadLetterTopic) &&
      context.iam.allows(agent, 'pubsub.subscriptions.consume', this.name);
    if (!may || !forward(deadLetterTopic, deadLetterOf(context, this.name, one))) return false;
    this.waiting.delete(one.message.messageId);
    return true;
  }

  /** What is older than the subscription keeps it is gone, delivered or not. */
  #forget(): void {
    const most = secondsOf(this.body['messageRetentionDuration'], 0) * 1000;
    const now = this.#deps.context.now().getTime();
    for (const [id, { since }] of this.waiting) if (now - since > most) this.waiting.delete(id);
  }
}

/** https://cloud.google.com/pubsub/docs/dead-letter-topics#track-delivery-attempts */
const deadLetterOf = ({ project }: GoogleContext, subscription: string, { message, attempts }: Waiting): Fields => ({
  ...message,
  messageId: randomUUID().replaceAll('-', '').slice(0, 17),
  attributes: {
    ...fieldsOf(message['attributes']),
    CloudPubSubDeadLetterSourceDeliveryCount: String(attempts),
    CloudPubSubDeadLetterSourceSubscription: subscription.split('/').at(-1),
    CloudPubSubDeadLetterSourceSubscriptionProject: project,
    CloudPubSubDeadLetterSourceTopicPublishTime: message['publishTime'],
  },
});
