import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';
import type { Surface } from '../../fakes/clouds/loopback.ts';
import { alreadyExists, badRequest, notFound } from '../api-error.ts';
import type { GoogleContext, Need } from '../context.ts';
import type { Contract } from '../contract.ts';
import { type ApiMethod, type ApiRequest, apiSurface } from '../surface.ts';
import { checkMessages, checkName, checkSubscription, fixed, withDefaults } from './limits.ts';
import { agentOf } from './push.ts';
import { type Delivery, Subscription } from './subscription.ts';

const topicsAt = 'pubsub.projects.topics';
const subscriptionsAt = 'pubsub.projects.subscriptions';

/** Topics, subscriptions that are pushed or pulled, and dead letters: https://cloud.google.com/pubsub/docs/reference/rest */
export class PubSub {
  readonly topics = new Map<string, Fields>();
  readonly subscriptions = new Map<string, Subscription>();
  /** Every push since the last time this was asked. */
  readonly #deliveries: Delivery[] = [];
  readonly #context: GoogleContext;
  #number = 8_000_000_000_000_000;

  constructor(context: GoogleContext) {
    this.#context = context;
  }

  /** The account that hands dead letters on. */
  get agent(): string {
    return agentOf(this.#context);
  }

  /** Pushes since the last time this was asked. */
  deliveries(): Delivery[] {
    return this.#deliveries.splice(0);
  }

  /** Messages that a subscription has and nobody has acknowledged. */
  waiting(subscription: string): Fields[] {
    const found = [...this.subscriptions.values()].find(({ name }) => name.endsWith(`/${subscription}`));
    return [...(found?.waiting.values() ?? [])].map(({ message }) => message);
  }

  /** Has a topic take messages, whoever sends them. Returns their ids. Throws ApiError. */
  publish(topic: string, messages: readonly Fields[]): string[] {
    if (!this.topics.has(topic)) throw notFound(topic);
    return messages.map((one) => {
      const messageId = String(this.#number++);
      this.#spread(topic, { ...one, messageId, publishTime: this.#context.now().toISOString() });
      return messageId;
    });
  }

  /** Resolves when no push is under way, none of those that wait for their next attempt being counted. */
  async quiet(): Promise<void> {
    for (;;) {
      const out = [...this.subscriptions.values()].flatMap((one) => [...one.out]);
      if (out.length === 0) return;
      await Promise.all(out);
    }
  }

  async close(): Promise<void> {
    for (const one of this.subscriptions.values()) one.close();
    await this.quiet();
  }

  surface(contract: Contract): Surface {
    const methods = { ...this.#topicMethods(), ...this.#subscriptionMethods() };
    return apiSurface(this.#context, { ...{ name: 'PUBSUB', contract }, methods });
  }

  #spread(topic: string, message: Fields & { messageId: string }): void {
    this.#expire();
    for (const one of this.subscriptions.values()) if (one.body['topic'] === topic) one.add(message);
  }

  #expire(): void {
    for (const [name, one] of this.subscriptions) {
      if (!one.isExpired) continue;
      one.close();
      this.subscriptions.delete(name);
    }
  }

  #topicMethods(): Record<string, ApiMethod> {
    const named = (label: string) => (permission: string) => needs(permission, label);
    return {
      [`${topicsAt}.create`]: {
        needs: named('name')('pubsub.topics.create'),
        answer: ({ labels, body }) => {
          const name = labels['name'] ?? '';
          checkName(name, body);
          if (this.topics.has(name)) throw alreadyExists(name);
          this.topics.set(name, { ...body, name });
          return { ...body, name, state: 'ACTIVE' };
        },
      },
      [`${topicsAt}.get`]: {
        needs: named('topic')('pubsub.topics.get'),
        answer: ({ labels }) => ({ ...this.#topic(labels['topic'] ?? ''), state: 'ACTIVE' }),
      },
      [`${topicsAt}.delete`]: {
        needs: named('topic')('pubsub.topics.delete'),
        answer: ({ labels }) => {
          const name = labels['topic'] ?? '';
          this.#topic(name);
          this.topics.delete(name);
          // Their messages stay; new ones come no more.
          for (const { body } of this.subscriptions.values())
            if (body['topic'] === name) body['topic'] = '_deleted-topic_';
          return {};
        },
      },
      [`${topicsAt}.publish`]: {
        needs: named('topic')('pubsub.topics.publish'),
        answer: ({ labels, body }) => {
          const messages = (body['messages'] ?? []) as Fields[];
          this.#topic(labels['topic'] ?? '');
          checkMessages(messages);
          return { messageIds: this.publish(labels['topic'] ?? '', messages) };
        },
      },
    };
  }

  #subscriptionMethods(): Record<string, ApiMethod> {
    const change = ({ labels, body }: ApiRequest): Fields => this.#patch(labels['name'] ?? '', body);
    return {
      [`${subscriptionsAt}.create`]: {
        needs: (request) => [
          ...needs('pubsub.subscriptions.create', 'name')(request),
          { permission: 'pubsub.topics.attachSubscription', resource: String(request.body['topic']) },
          ...actAs(this.#context, fieldsOf(request.body['pushConfig'])),
        ],
        answer: ({ labels, body }) => this.#create(labels['name'] ?? '', body),
      },
      [`${subscriptionsAt}.get`]: {
        needs: needs('pubsub.subscriptions.get', 'subscription'),
        answer: ({ labels }) => this.#find(labels['subscription'] ?? '').body,
      },
      [`${subscriptionsAt}.patch`]: {
        needs: (request) => [
          ...needs('pubsub.subscriptions.update', 'name')(request),
          ...actAs(this.#context, fieldsOf(fieldsOf(request.body['subscription'])['pushConfig'])),
        ],
        answer: change,
      },
      [`${subscriptionsAt}.delete`]: {
        needs: needs('pubsub.subscriptions.delete', 'subscription'),
        answer: ({ labels }) => {
          const found = this.#find(labels['subscription'] ?? '');
          found.close();
          this.subscriptions.delete(found.name);
          return {};
        },
      },
      [`${subscriptionsAt}.pull`]: {
        needs: needs('pubsub.subscriptions.consume', 'subscription'),
        answer: ({ labels, body }) => {
          const receivedMessages = this.#find(labels['subscription'] ?? '').pull(Number(body['maxMessages']));
          return receivedMessages.length > 0 ? { receivedMessages } : {};
        },
      },
      [`${subscriptionsAt}.acknowledge`]: {
        needs: needs('pubsub.subscriptions.consume', 'subscription'),
        answer: ({ labels, body }) => {
          this.#find(labels['subscription'] ?? '').acknowledge((body['ackIds'] ?? []) as string[]);
          return {};
        },
      },
    };
  }

  #create(name: string, body: Fields): Fields {
    checkName(name, body);
    checkSubscription(body);
    this.#checkTopics(body);
    if (this.subscriptions.has(name)) throw alreadyExists(name);
    const made = new Subscription(withDefaults({ ...body, name }), {
      context: this.#context,
      forward: (topic, message) => {
        if (!this.topics.has(topic)) return false;
        this.#spread(topic, message as Fields & { messageId: string });
        return true;
      },
      delivered: (delivery) => void this.#deliveries.push(delivery),
    });
    this.subscriptions.set(name, made);
    return made.body;
  }

  #patch(name: string, { subscription, updateMask }: Fields): Fields {
    const found = this.#find(name);
    const fields = String(updateMask ?? '')
      .split(',')
      .filter(Boolean);
    if (fields.length === 0) throw badRequest([{ field: 'update_mask', description: 'must be specified' }]);
    const now = fieldsOf(subscription);
    const bad = fields.filter((field) => fixed.has(field) || /[._]/.test(field));
    if (bad.length > 0) throw badRequest(bad.map((field) => ({ field, description: 'cannot be updated' })));
    const others = Object.entries(found.body).filter(([field]) => !fields.includes(field) && field !== 'state');
    const body = { ...Object.fromEntries(others), ...Object.fromEntries(fields.map((field) => [field, now[field]])) };
    checkSubscription(body);
    this.#checkTopics(body);
    found.body = withDefaults(body);
    found.active = this.#context.now().getTime();
    found.wake();
    return found.body;
  }

  #checkTopics({ topic, deadLetterPolicy }: Fields): void {
    const { deadLetterTopic } = fieldsOf(deadLetterPolicy);
    if (topic !== '_deleted-topic_') this.#topic(String(topic));
    if (deadLetterTopic !== undefined) this.#topic(String(deadLetterTopic));
  }

  #topic(name: string): Fields {
    const found = this.topics.get(name);
    if (!found) throw notFound(name);
    return found;
  }

  #find(name: string): Subscription {
    this.#expire();
    const found = this.subscriptions.get(name);
    if (!found) throw notFound(name);
    return found;
  }
}

const needs =
  (permission: string, label: string) =>
  ({ labels }: ApiRequest): Need[] => [{ permission, resource: labels[label] ?? '' }];

/** Whose tokens Pub/Sub sends, its maker must be allowed to act as. */
function actAs({ project }: GoogleContext, pushConfig: Fields): Need[] {
  const { serviceAccountEmail } = fieldsOf(pushConfig['oidcToken']);
  if (typeof serviceAccountEmail !== 'string') return [];
  return [
    { permission: 'iam.serviceAccounts.actAs', resource: `projects/${project}/serviceAccounts/${serviceAccountEmail}` },
  ];
}
