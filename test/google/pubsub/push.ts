import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';
import type { GoogleContext } from '../context.ts';

/** A message of one subscription that is not acknowledged. */
export interface Waiting {
  message: Fields & { messageId: string };
  /** Deliveries that have begun. */
  attempts: number;
  /** When it may be delivered, ms since 1970 of the real clock. */
  from: number;
  isOut: boolean;
  /** When it came, ms since 1970 of the context's clock. */
  since: number;
}

/** What ends the delivery of a message: https://cloud.google.com/pubsub/docs/push#receive_push */
const successes: ReadonlySet<number> = new Set([102, 200, 201, 202, 204]);

export const isSuccess = (status: number): boolean => successes.has(status);

/** The account that Pub/Sub itself acts as. */
export const agentOf = ({ number }: GoogleContext): string => `service-${number}@gcp-sa-pubsub.iam.gserviceaccount.com`;

/** Sends a message once. Returns the status of the answer, and 0 where none comes before the deadline. Never rejects. */
export async function push(
  context: GoogleContext,
  subscription: Fields,
  { message, attempts }: Waiting,
): Promise<number> {
  const { pushConfig, deadLetterPolicy, ackDeadlineSeconds, name } = subscription;
  const authorization = tokenFor(context, fieldsOf(pushConfig));
  if (authorization === undefined) return 0;
  const counted = deadLetterPolicy !== undefined && { deliveryAttempt: attempts };
  try {
    const answer = await fetch(String(fieldsOf(pushConfig)['pushEndpoint']), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
      body: JSON.stringify({ message: wrapped(message), subscription: name, ...counted }),
      signal: AbortSignal.timeout(Number(ackDeadlineSeconds) * 1000 * context.knobs.pushDeadlineScale),
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

/** Pushed messages have their id and time twice: https://cloud.google.com/pubsub/docs/payload-unwrapping#wrapped_message */
const wrapped = (message: Fields): Fields => ({
  ...message,
  message_id: message['messageId'],
  publish_time: message['publishTime'],
});

/** Empty without an account; undefined where Pub/Sub may not make a token in its name. */
function tokenFor(context: GoogleContext, pushConfig: Fields): string | undefined {
  const { serviceAccountEmail: email, audience = pushConfig['pushEndpoint'] } = fieldsOf(pushConfig['oidcToken']);
  if (typeof email !== 'string') return '';
  const { iam, knobs, project, now } = context;
  const account = `projects/${project}/serviceAccounts/${email}`;
  const may = iam.allows(agentOf(context), 'iam.serviceAccounts.getOpenIdToken', account);
  // Projects that are older than April 2021: https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
  if (knobs.pushNeedsTokenCreator && !may) return undefined;
  return `Bearer ${iam.idToken(email, String(audience), now())}`;
}
