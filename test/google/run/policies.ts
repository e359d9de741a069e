import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';
import { aborted } from '../api-error.ts';
import type { Need } from '../context.ts';
import type { ApiMethod, ApiRequest } from '../surface.ts';
import type { CloudRun } from './cloud-run.ts';
import { serviceAt } from './services.ts';

interface Binding {
  role: string;
  members: string[];
}

/** What the roles hold that tests bind on a service (https://cloud.google.com/run/docs/reference/iam/roles). */
const roles: Record<string, string[]> = {
  'roles/run.invoker': ['run.routes.invoke'],
  'roles/run.viewer': ['run.services.get', 'run.services.list', 'run.revisions.get', 'run.revisions.list'],
};

const bindingsOf = (policy: Fields): Binding[] => (policy['bindings'] ?? []) as Binding[];
const principalOf = (member: string): string => member.replace(/^(?:serviceAccount|user|group):/, '');

/** The IAM policy of a service; changes of it are seen late, as the knobs say. */
export function policyMethods(run: CloudRun): Record<string, ApiMethod> {
  const { iam, now } = run.context;
  const at = 'run.projects.locations.services';
  const name = ({ labels }: ApiRequest): string => labels['resource'] ?? '';
  const needs =
    (permission: string) =>
    (request: ApiRequest): Need[] => [{ permission, resource: name(request) }];
  return {
    [`${at}.getIamPolicy`]: {
      needs: needs('run.services.getIamPolicy'),
      answer: (request) => serviceAt(run, name(request)).policy,
    },
    [`${at}.setIamPolicy`]: {
      needs: needs('run.services.setIamPolicy'),
      answer(request) {
        const service = serviceAt(run, name(request));
        const policy = fieldsOf(request.body['policy']);
        const { etag } = service.policy;
        if (policy['etag'] !== undefined && policy['etag'] !== etag) {
          throw aborted(service.name, String(policy['etag']), String(etag));
        }
        for (const { members } of bindingsOf(service.policy)) {
          for (const member of members) iam.revoke(principalOf(member), service.name);
        }
        for (const { role, members } of bindingsOf(policy)) {
          for (const member of members) iam.grant(principalOf(member), roles[role] ?? [], service.name);
        }
        service.policy = { ...policy, version: 1, etag: Buffer.from(String(now().getTime())).toString('base64') };
        return service.policy;
      },
    },
    [`${at}.testIamPermissions`]: {
      needs: () => [],
      answer(request) {
        const requested = (request.body['permissions'] ?? []) as string[];
        return { permissions: requested.filter((one) => iam.allows(request.caller.principal, one, name(request))) };
      },
    },
  };
}
