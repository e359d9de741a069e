import { ColdgateError, exitCodes } from '../../errors.ts';
import { MovedError } from '../../rollout/platform.ts';
import type { RunContext } from './context.ts';
import { ownerLabel } from './names.ts';
import { isMissing } from './refusal.ts';

/** https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics */
export interface Topic {
  labels: Record<string, string>;
}

/** https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions */
export interface Subscription extends Topic {
  topic: string;
  ackDeadlineSeconds?: number;
  messageRetentionDuration: string;
  expirationPolicy: { ttl?: string };
  retryPolicy?: { minimumBackoff: string; maximumBackoff: string };
  deadLetterPolicy?: { deadLetterTopic: string; maxDeliveryAttempts: number };
  pushConfig?: { pushEndpoint: string; oidcToken: { serviceAccountEmail: string; audience: string } };
}

interface Part {
  /** `projects/P/topics/T`, `projects/P/subscriptions/S` */
  path: string;
  body: Topic | Subscription;
}

/** What a topic that was removed leaves in its subscriptions. */
const orphan = '_deleted-topic_';

const urlOf = ({ api }: RunContext, path: string): string => `${api('pubsub')}/v1/${path}`;

/** `pubsub.topics.create` */
const asked = (verb: string, path: string) => ({
  permission: `pubsub.${path.split('/')[2]}.${verb}`,
  resource: path,
});

/** Makes a topic or a subscription, or gives one of this function's what it is to have. Throws ColdgateError `foreign-queue`. */
export async function settlePart(context: RunContext, { path, body }: Part, service: string): Promise<void> {
  const put = () => context.calls.send({ method: 'PUT', url: urlOf(context, path), json: body }, asked('create', path));
  try {
    await put();
  } catch (error) {
    if (!(error instanceof MovedError) || isMissing(error)) throw error;
    // By a run whose answer was lost, by coldgate iam, or by someone else.
    const found = await read(context, path);
    if (found.labels?.[ownerLabel] !== service) throw foreign(path);
    if (!('topic' in body)) return;
    if (found.topic === body.topic) return change(context, path, body);
    // A subscription keeps to its topic, and one that is recreated is another.
    if (found.topic !== orphan) throw foreign(path);
    await removePart(context, path);
    await put();
  }
}

const read = (context: RunContext, path: string): Promise<Partial<Subscription>> =>
  context.calls.send({ method: 'GET', url: urlOf(context, path) }, asked('get', path));

/** All that may change of a subscription. */
async function change(context: RunContext, path: string, { topic, ...fields }: Subscription): Promise<void> {
  const json = { subscription: { name: path, topic, ...fields }, updateMask: Object.keys(fields).join(',') };
  await context.calls.send({ method: 'PATCH', url: urlOf(context, path), json }, asked('update', path));
}

/** What is gone already is as good as removed now. */
export async function removePart(context: RunContext, path: string): Promise<void> {
  try {
    await context.calls.send({ method: 'DELETE', url: urlOf(context, path) }, asked('delete', path));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function foreign(path: string): ColdgateError {
  const [, , kind = '', id = ''] = path.split('/');
  const text = `There is a ${kind.replace(/s$/, '')} ${id} in Pub/Sub that Coldgate has not made, so it is left alone.`;
  const hint = `Remove it: gcloud pubsub ${kind} delete ${id}.`;
  return new ColdgateError('foreign-queue', exitCodes.usage, text, { hint });
}
