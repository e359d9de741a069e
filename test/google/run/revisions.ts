import type { Fields } from '../../fakes/clouds/fields.ts';
import { notFound, precondition } from '../api-error.ts';
import type { Need } from '../context.ts';
import type { ApiMethod, ApiRequest } from '../surface.ts';
import { type CloudRun, nameOf } from './cloud-run.ts';
import { timeOf } from './etag.ts';
import { operationView } from './operations.ts';
import { page } from './page.ts';
import type { Revision, Service } from './record.ts';
import { checkEtag, serviceAt } from './services.ts';
import { revisionView } from './views.ts';

function revisionAt(run: CloudRun, { labels }: ApiRequest): { service: Service; revision: Revision } {
  const name = labels['name'] ?? '';
  const service = run.services.get(name.split('/').slice(0, -2).join('/'));
  const revision = service?.revisions.get(name.split('/').at(-1) ?? '');
  if (!service || !revision) throw notFound(name);
  return { service, revision };
}

/**
 * A revision stays as long as it can be reached, is the latest, or is the only one:
 * https://cloud.google.com/run/docs/managing/revisions#delete
 */
async function remove(run: CloudRun, request: ApiRequest): Promise<Fields> {
  const { service, revision } = revisionAt(run, request);
  checkEtag(revision, request.query.get('etag'));
  const { short } = revision;
  const named = [...(service.spec.traffic ?? []), ...service.statuses].some((one) => nameOf(service, one) === short);
  if (named) throw precondition(`Revision "${short}" cannot be directly deleted because it is actively serving.`);
  if (service.latestCreated === short || service.revisions.size === 1) {
    throw precondition(`Revision "${short}" cannot be deleted because it is the latest created revision.`);
  }
  const view = revisionView(service, revision);
  if (request.query.get('validateOnly') !== 'true') await run.drop(service, revision);
  const gone = { ...view, deleteTime: timeOf(run.context.version()) };
  return operationView(run, run.done(service, gone, 'type.googleapis.com/google.cloud.run.v2.Revision'));
}

const needs =
  (permission: string) =>
  ({ labels }: ApiRequest): Need[] => [{ permission, resource: labels['name'] ?? labels['parent'] ?? '' }];

/** The methods of revisions. */
export function revisionMethods(run: CloudRun): Record<string, ApiMethod> {
  const at = 'run.projects.locations.services.revisions';
  return {
    [`${at}.get`]: {
      needs: needs('run.revisions.get'),
      answer(request) {
        const { service, revision } = revisionAt(run, request);
        return revisionView(service, revision);
      },
    },
    [`${at}.list`]: {
      needs: needs('run.revisions.list'),
      answer({ labels, query }) {
        const service = serviceAt(run, labels['parent'] ?? '');
        // The newest first.
        const all = [...service.revisions.values()].reverse().map((one) => revisionView(service, one));
        return page('revisions', all, query, run.context.knobs.pageSize);
      },
    },
    [`${at}.delete`]: { needs: needs('run.revisions.delete'), answer: (request) => remove(run, request) },
  };
}
