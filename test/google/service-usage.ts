import { randomUUID } from 'node:crypto';
import type { Fields } from '../fakes/clouds/fields.ts';
import type { Surface } from '../fakes/clouds/loopback.ts';
import { denied } from './api-error.ts';
import type { GoogleContext, Need } from './context.ts';
import type { Contract } from './contract.ts';
import { type ApiRequest, apiSurface } from './surface.ts';

/** Whether an API is switched on in the project: https://cloud.google.com/service-usage/docs/reference/rest */
export function serviceUsageSurface(context: GoogleContext, contract: Contract): Surface {
  const serviceOf = (name: string): string => name.split('/').at(-1) ?? '';
  const view = (name: string): Fields => ({
    name: `projects/${context.number}/services/${serviceOf(name)}`,
    parent: `projects/${context.number}`,
    config: { name: serviceOf(name) },
    state: context.disabled.has(serviceOf(name)) ? 'DISABLED' : 'ENABLED',
  });
  const needs = (permission: string) => (): Need[] => [{ permission, resource: `projects/${context.project}` }];
  const checked = ({ labels }: ApiRequest, permission: string): string => {
    const name = labels['name'] ?? '';
    const [, project] = name.split('/');
    if (project !== context.project && project !== context.number) throw denied(permission, name);
    return name;
  };
  return apiSurface(context, {
    ...{ name: 'SERVICEUSAGE', contract },
    methods: {
      'serviceusage.services.get': {
        needs: needs('serviceusage.services.get'),
        answer: (request) => view(checked(request, 'serviceusage.services.get')),
      },
      'serviceusage.services.enable': {
        needs: needs('serviceusage.services.enable'),
        answer(request) {
          const name = checked(request, 'serviceusage.services.enable');
          context.disabled.delete(serviceOf(name));
          const type = 'type.googleapis.com/google.api.serviceusage.v1.EnableServiceResponse';
          const response = { '@type': type, service: view(name) };
          return { name: `operations/${randomUUID()}`, done: true, response };
        },
      },
      'serviceusage.operations.get': {
        needs: () => [],
        answer: ({ labels }) => ({ name: labels['name'], done: true, response: {} }),
      },
    },
  });
}
