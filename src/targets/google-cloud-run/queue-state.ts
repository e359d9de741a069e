import { GoogleFailure } from '../../google/failure.ts';
import type { QueueState } from '../../rollout/target.ts';
import type { RunContext } from './context.ts';
import { notedIn, pathsOf } from './queue.ts';
import type { RunState } from './state.ts';

/** https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-pubsub */
const metric = 'pubsub.googleapis.com/subscription/num_undelivered_messages';
/** A point a minute, which may be four minutes late: the newest within this is what there is, ms. */
const withinMs = 10 * 60_000;

interface Series {
  resource?: { labels?: { subscription_id?: string } };
  /** The newest first. */
  points?: { value?: { int64Value?: string } }[];
}

/**
 * How many messages wait, those that are worked on among them, and how many were given up, as Cloud Monitoring knew it some
 * minutes ago; Pub/Sub has no call for that. Undefined where there is no queue, nothing is known of it, or it may not be read.
 * https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list
 */
export async function queueState(context: RunContext, state: RunState): Promise<QueueState | undefined> {
  if (notedIn(state.service) === '') return undefined;
  const { topic, dead } = pathsOf(context.settings, state.name);
  const [waiting, given] = [topic.subscription, dead.subscription].map((path) => path.split('/').at(-1) ?? '');
  const now = context.now().getTime();
  const query = new URLSearchParams({
    filter: `metric.type="${metric}" AND resource.labels.subscription_id=one_of("${waiting}","${given}")`,
    'interval.startTime': new Date(now - withinMs).toISOString(),
    'interval.endTime': new Date(now).toISOString(),
  });
  const url = `${context.api('monitoring')}/v3/projects/${context.settings.project}/timeSeries?${query}`;
  try {
    const { timeSeries = [] } = await context.calls.once<{ timeSeries?: Series[] }>({ method: 'GET', url });
    const counts = timeSeries.map(({ resource, points }): [string | undefined, number] => [
      resource?.labels?.subscription_id,
      Number(points?.[0]?.value?.int64Value ?? 0),
    ]);
    if (counts.length === 0) return undefined;
    const of = new Map(counts);
    return { waiting: of.get(waiting) ?? 0, working: 0, dead: of.get(given) ?? 0 };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof GoogleFailure)) throw error;
    context.log.debug(`How many messages the queue of ${state.name} has cannot be read: ${error.message}`);
    return undefined;
  }
}
