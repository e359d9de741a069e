import { randomBytes, randomUUID } from 'node:crypto';
import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';
import type { Surface } from '../../fakes/clouds/loopback.ts';
import { notFound } from '../api-error.ts';
import type { GoogleContext } from '../context.ts';
import type { Contract } from '../contract.ts';
import { apiSurface } from '../surface.ts';
import type { Callers } from './callers.ts';
import { needs } from './common.ts';

const at = 'apikeys.projects.locations.keys';

/** Keys of the project: https://cloud.google.com/api-keys/docs/reference/rest */
export function apiKeysSurface(context: GoogleContext, callers: Callers, contract: Contract): Surface {
  const keys = new Map<string, { view: Fields; keyString: string }>();
  const found = (name = '') => {
    const one = keys.get(name.replace(/\/keyString$/, ''));
    if (!one) throw notFound(name);
    return one;
  };
  return apiSurface(context, {
    ...{ name: 'APIKEYS', contract },
    methods: {
      [`${at}.create`]: {
        needs: needs('apikeys.keys.create'),
        answer({ labels, body }) {
          const name = `${labels['parent']}/keys/${randomUUID()}`;
          const keyString = `AIza${randomBytes(26).toString('base64url').slice(0, 35)}`;
          const targets = fieldsOf(body['restrictions'])['apiTargets'] as { service: string }[] | undefined;
          const services = targets?.map(({ service }) => service);
          callers.keys.push({ keyString, project: context.number, services });
          keys.set(name, { view: { name, ...body }, keyString });
          const response = { '@type': 'type.googleapis.com/google.api.apikeys.v2.Key', name, ...body };
          return { name: `operations/akmf.${randomUUID()}`, done: true, response };
        },
      },
      [`${at}.get`]: { needs: needs('apikeys.keys.get'), answer: ({ labels }) => found(labels['name']).view },
      [`${at}.getKeyString`]: {
        needs: needs('apikeys.keys.getKeyString'),
        answer: ({ labels }) => ({ keyString: found(labels['name']).keyString }),
      },
      [`${at}.list`]: {
        needs: needs('apikeys.keys.list'),
        answer: () => ({ keys: [...keys.values()].map(({ view }) => view) }),
      },
    },
  });
}
