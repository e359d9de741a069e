import type { Surface } from '../fakes/clouds/loopback.ts';
import { badRequest } from './api-error.ts';
import type { Contract } from './contract.ts';
import type { Google } from './google.ts';
import { apiSurface } from './surface.ts';

const metric = 'pubsub.googleapis.com/subscription/num_undelivered_messages';
/** Of the filter language what the product writes: https://cloud.google.com/monitoring/api/v3/filters */
const form = /^metric\.type="([^"]+)" AND resource\.labels\.subscription_id=one_of\(("[^"]+"(?:,"[^"]+")*)\)$/;

/** Counts of messages that nobody has acknowledged, which Pub/Sub itself does not tell. */
export function monitoringSurface({ context, pubsub }: Google, contract: Contract): Surface {
  return apiSurface(context, {
    ...{ name: 'MONITORING', contract },
    methods: {
      'monitoring.projects.timeSeries.list': {
        needs: ({ labels }) => [{ permission: 'monitoring.timeSeries.list', resource: labels['name'] ?? '' }],
        answer({ query }) {
          const [, type, names = ''] = form.exec(query.get('filter') ?? '') ?? [];
          const [from, to] = ['start', 'end'].map((end) => Date.parse(query.get(`interval.${end}Time`) ?? ''));
          if (type !== metric) throw badRequest([{ field: 'filter', description: 'not a filter that is known here' }]);
          if (!from || !to || from > to) throw badRequest([{ field: 'interval', description: 'start before end' }]);
          const endTime = context.now().toISOString();
          const timeSeries = [...pubsub.subscriptions.values()].flatMap(({ name, waiting }) => {
            const id = name.split('/').at(-1) ?? '';
            if (!names.split(',').includes(`"${id}"`)) return [];
            return {
              ...{ metric: { type }, metricKind: 'GAUGE', valueType: 'INT64' },
              resource: { type: 'pubsub_subscription', labels: { project_id: context.project, subscription_id: id } },
              points: [{ interval: { startTime: endTime, endTime }, value: { int64Value: String(waiting.size) } }],
            };
          });
          return timeSeries.length > 0 ? { timeSeries, unit: '1' } : {};
        },
      },
    },
  });
}
