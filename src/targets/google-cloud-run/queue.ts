import { queueTopic } from '../../config/schema/google-cloud-run.ts';
import { sha256 } from '../../model/digest.ts';
import type { Change } from '../../rollout/target.ts';
import type { RunContext } from './context.ts';
import { ownerLabel } from './names.ts';
import { removePart, type Subscription, settlePart, type Topic } from './pubsub.ts';
import { audienceOf } from './queue-names.ts';
import type { Service } from './resources.ts';
import type { RunState } from './state.ts';
import { update, uriOf } from './update.ts';

/**
 * Digest of the queue that a service has: the way to it when the settings no longer name one. One that was begun and may not
 * be whole has a `?` behind it.
 */
const queueAnnotation = 'coldgate.dev/queue';

/** Where the handler takes messages: src/handler/platforms/google/pushes.ts. */
const queuePath = '/coldgate/queue';

/** The most that Pub/Sub waits for an answer, s. It sends a message again then, while the first is still worked on. */
const ackSeconds = 600;
/** Without one a subscription is deleted after 31 days in which nobody used it. */
const never = {};
const daySeconds = 86_400;
/** How long dead messages are kept: as long as Pub/Sub keeps any. */
const deadDays = 31;

/** Digest of the queue that a service has, or may have. */
export const notedIn = ({ annotations = {} }: Service): string => annotations[queueAnnotation] ?? '';

async function note(context: RunContext, state: RunState, text: string): Promise<void> {
  if (text === notedIn(state.service)) return;
  const { [queueAnnotation]: _, ...others } = state.service.annotations ?? {};
  const annotations = text === '' ? others : { ...others, [queueAnnotation]: text };
  await update(context, state, { annotations }, `the note of the queue of ${state.name}`);
}

interface WantedQueue {
  digest: string;
  /** In the order in which they need each other. */
  parts: { path: string; body: Topic | Subscription }[];
}

function wantedQueue({ settings }: RunContext, { name, service }: RunState): WantedQueue | undefined {
  const { queue, serviceAccount } = settings;
  if (!queue) return undefined;
  const labels = { [ownerLabel]: name };
  const { topic, dead } = pathsOf(settings, name);
  const uri = uriOf(service);
  const kept = (days: number) => ({ messageRetentionDuration: `${days * daySeconds}s`, expirationPolicy: never });
  const parts = [
    { path: topic.topic, body: { labels } },
    { path: dead.topic, body: { labels } },
    { path: dead.subscription, body: { ...{ topic: dead.topic, labels }, ...kept(deadDays) } },
    {
      path: topic.subscription,
      body: {
        ...{ topic: topic.topic, labels, ackDeadlineSeconds: ackSeconds },
        ...kept(Math.min(queue.keepDays, deadDays)),
        retryPolicy: { minimumBackoff: '10s', maximumBackoff: '600s' },
        deadLetterPolicy: { deadLetterTopic: dead.topic, maxDeliveryAttempts: queue.attempts },
        pushConfig: {
          // The service and not a revision: messages go where callers' requests go, and to no candidate.
          pushEndpoint: `${uri}${queuePath}`,
          oidcToken: { serviceAccountEmail: serviceAccount, audience: audienceOf(settings, name) ?? uri },
        },
      },
    },
  ];
  return { digest: sha256(JSON.stringify(parts)).slice(0, 8), parts };
}

/** Topics and subscriptions of a function's messages, and of those that were given up. */
export const pathsOf = ({ project, region }: RunContext['settings'], name: string) => {
  const id = queueTopic(name, region);
  const of = (one: string) => ({
    topic: `projects/${project}/topics/${one}`,
    subscription: `projects/${project}/subscriptions/${one}`,
  });
  return { topic: of(id), dead: of(`${id}-dead`) };
};

/**
 * Has Pub/Sub push messages to the service, and keep those that failed for good. Returns true if anything was changed.
 * Without `queue:` all of it goes, with the messages that are in it.
 */
export async function ensureQueue(context: RunContext, state: RunState): Promise<boolean> {
  const wanted = wantedQueue(context, state);
  const before = notedIn(state.service);
  if (before === (wanted?.digest ?? '')) return false;
  if (!wanted) {
    context.log.warn(`Removing the queue of ${state.name}: what waits in it is no longer worked on.`);
    await endQueue(context, state);
    await note(context, state, '');
    return true;
  }
  // Noted first: a run that is killed must leave a way to what it has made.
  await note(context, state, `${wanted.digest}?`);
  if (before === '') context.log.info(`Creating the queue of ${state.name} in Pub/Sub.`);
  for (const part of wanted.parts) await settlePart(context, part, state.name);
  await note(context, state, wanted.digest);
  return true;
}

/** Removes the queue of a function with its messages, the dead ones among them. */
export async function endQueue(context: RunContext, state: RunState): Promise<Change[]> {
  if (notedIn(state.service) === '') return [];
  const { topic, dead } = pathsOf(context.settings, state.name);
  // What delivers goes first: nothing is lost between that and a run that is killed.
  for (const path of [topic.subscription, dead.subscription, topic.topic, dead.topic]) await removePart(context, path);
  return foundQueue(context, state);
}

/** What `endQueue` would remove. */
export function foundQueue({ settings }: RunContext, state: RunState | undefined): Change[] {
  if (!state || notedIn(state.service) === '') return [];
  const id = queueTopic(state.name, settings.region);
  return [id, `${id}-dead`].map((one) => ({
    action: 'delete',
    what: `the Pub/Sub topic ${one} with its subscription and messages`,
  }));
}

/** What a release would do, in words. */
export function plannedQueue(context: RunContext, state: RunState): string[] {
  const [before, wanted] = [notedIn(state.service), wantedQueue(context, state)];
  if (before === (wanted?.digest ?? '')) return [];
  const id = queueTopic(state.name, context.settings.region);
  return [`queue ${id}: ${wanted ? (before === '' ? 'create it' : 'change it') : 'remove it'}`];
}
