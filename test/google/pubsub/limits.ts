import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';
import { badRequest, type FieldViolation } from '../api-error.ts';

/*
 * What the description of Pub/Sub says in words alone: https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions
 * and https://cloud.google.com/pubsub/quotas#resource_limits
 */

const day = 24 * 3600;
/** Of a subscription that says nothing of it, s. */
export const defaultExpiry = 31 * day;
const defaultRetention = 7 * day;

export const secondsOf = (duration: unknown, otherwise: number): number =>
  typeof duration === 'string' ? Number.parseFloat(duration) : otherwise;

/** Bytes of a publish request, and of one message's data with its attributes. */
const maxMessage = 10_000_000;

function throwAny(violations: readonly (FieldViolation | false)[]): void {
  const found = violations.filter((one) => one !== false);
  if (found.length > 0) throw badRequest(found);
}

const rule = (broken: boolean, field: string, description: string): FieldViolation | false =>
  broken && { field, description };

/** Throws ApiError for a name that Pub/Sub does not take. @param name `projects/P/topics/T` */
export function checkName(name: string, body: Fields): void {
  const id = name.split('/').at(-1) ?? '';
  const isName = /^[A-Za-z][\w.~+%-]{2,254}$/.test(id) && !/^goog/i.test(id);
  throwAny([
    rule(!isName, 'name', `${id} is not a valid id`),
    rule(body['name'] !== undefined && body['name'] !== name, 'name', `must be ${name}`),
    ...labelProblems(fieldsOf(body['labels'])),
  ]);
}

const labelProblems = (labels: Fields): (FieldViolation | false)[] =>
  Object.entries(labels).map(([key, value]) =>
    rule(!/^[a-z][\w-]{0,62}$/.test(key) || !/^[a-z0-9_-]{0,63}$/.test(String(value)), 'labels', `${key}: ${value}`),
  );

const outside = (value: number, least: number, most: number): boolean => !(value >= least && value <= most);

/** Throws ApiError for settings of a subscription that Pub/Sub does not take. */
export function checkSubscription(body: Fields): void {
  const { minimumBackoff, maximumBackoff } = fieldsOf(body['retryPolicy']);
  const { deadLetterTopic, maxDeliveryAttempts = 5 } = fieldsOf(body['deadLetterPolicy']);
  const least = secondsOf(minimumBackoff, 10);
  const most = secondsOf(maximumBackoff, 600);
  const retention = secondsOf(body['messageRetentionDuration'], defaultRetention);
  const ttl = secondsOf(fieldsOf(body['expirationPolicy'])['ttl'], Number.POSITIVE_INFINITY);
  const seconds = Number(body['ackDeadlineSeconds'] || 10);
  throwAny([
    rule(outside(seconds, 10, 600), 'ack_deadline_seconds', 'must be between 10 and 600'),
    rule(outside(least, 0, 600) || outside(most, 0, 600), 'retry_policy', 'must be between 0 and 600 seconds'),
    rule(least > most, 'retry_policy', 'minimum_backoff must not be greater than maximum_backoff'),
    rule(outside(retention, 600, 31 * day), 'message_retention_duration', 'must be between 10 minutes and 31 days'),
    rule(ttl < day, 'expiration_policy.ttl', 'must be at least 1 day'),
    rule(ttl < retention, 'expiration_policy.ttl', 'must not be less than message_retention_duration'),
    rule(
      deadLetterTopic !== undefined && outside(Number(maxDeliveryAttempts || 5), 5, 100),
      'dead_letter_policy.max_delivery_attempts',
      'must be between 5 and 100',
    ),
    ...pushProblems(body['pushConfig']),
  ]);
}

function pushProblems(config: unknown): (FieldViolation | false)[] {
  if (config === undefined) return [];
  const { pushEndpoint, oidcToken } = fieldsOf(config) as { pushEndpoint?: string; oidcToken?: Fields };
  const url = URL.canParse(pushEndpoint ?? '') ? new URL(pushEndpoint ?? '') : undefined;
  // Services of this stand-in listen on loopback.
  const isSecure = url?.protocol === 'https:' || url?.hostname === '127.0.0.1';
  return [
    rule(!isSecure, 'push_config.push_endpoint', 'must be an https URL'),
    rule(oidcToken !== undefined && !oidcToken['serviceAccountEmail'], 'push_config.oidc_token', 'names no account'),
  ];
}

/** What Pub/Sub answers for a subscription: what was sent, and its defaults. */
export const withDefaults = (body: Fields): Fields => ({
  ...body,
  ackDeadlineSeconds: body['ackDeadlineSeconds'] || 10,
  messageRetentionDuration: body['messageRetentionDuration'] ?? `${defaultRetention}s`,
  expirationPolicy: body['expirationPolicy'] ?? { ttl: `${defaultExpiry}s` },
  ...(body['deadLetterPolicy'] !== undefined && {
    deadLetterPolicy: { maxDeliveryAttempts: 5, ...fieldsOf(body['deadLetterPolicy']) },
  }),
  ...(body['retryPolicy'] !== undefined && {
    retryPolicy: { minimumBackoff: '10s', maximumBackoff: '600s', ...fieldsOf(body['retryPolicy']) },
  }),
  state: 'ACTIVE',
});

/** What of a subscription never changes: https://cloud.google.com/pubsub/docs/update-subscription */
export const fixed: ReadonlySet<string> = new Set(['name', 'topic', 'filter', 'enableMessageOrdering']);

/** Throws ApiError for messages that cannot be published. */
export function checkMessages(messages: readonly Fields[]): void {
  const sizes = messages.map((one) => Buffer.byteLength(JSON.stringify(one)));
  throwAny([
    rule(messages.length === 0 || messages.length > 1000, 'messages', 'must have between 1 and 1000 of them'),
    rule(
      sizes.reduce((sum, size) => sum + size, 0) > maxMessage,
      'messages',
      'The request is larger than 10000000 bytes',
    ),
    ...messages.flatMap(({ data, attributes = {}, messageId, publishTime }) => [
      rule(!data && Object.keys(attributes as object).length === 0, 'messages', 'neither data nor attributes'),
      rule(messageId !== undefined || publishTime !== undefined, 'messages', 'names what the server alone gives'),
      rule(Object.keys(attributes as object).length > 100, 'messages', 'more than 100 attributes'),
    ]),
  ]);
}
