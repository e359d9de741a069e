import type { ArmApi } from './arm.ts';
import { notFound } from './arm-error.ts';
import type { Azure } from './azure.ts';
import { Contract } from './contract.ts';

/** Tags and registrations: https://learn.microsoft.com/rest/api/resources/tags/update-at-scope */
export function resourcesApi({ context, web }: Azure): ArmApi {
  return {
    contract: Contract.read('unlisted.json'),
    operations: {
      tags_update: {
        answer: ({ labels, path, body }) => {
          const id = `/${labels['scope'] ?? ''}`.toLowerCase();
          const site = [...web.sites.values()].find((one) => web.siteId(one).toLowerCase() === id);
          const tagged = site ?? web.planById(id);
          if (!tagged) throw notFound(path);
          const { operation, properties } = body as {
            operation: string;
            properties: { tags?: Record<string, string> };
          };
          const { tags = {} } = properties;
          const left = Object.entries(tagged.tags).filter(([name]) => tags[name] === undefined);
          if (operation === 'Delete') tagged.tags = Object.fromEntries(left);
          else tagged.tags = operation === 'Replace' ? tags : { ...tagged.tags, ...tags };
          if (site && context.knobs.tagsRestart) web.update(site);
          const own = { id: `${id}/providers/Microsoft.Resources/tags/default`, name: 'default' };
          return { status: 200, body: { ...own, type: 'Microsoft.Resources/tags', properties: { tags: tagged.tags } } };
        },
      },
      providers_get: {
        needs: ({ labels }) => [
          {
            action: 'Microsoft.Resources/subscriptions/providers/read',
            scope: `/subscriptions/${labels['subscriptionId']}`,
          },
        ],
        answer: ({ labels, path }) => {
          const { namespace = '' } = labels;
          const registrationState = context.unregistered.has(namespace) ? 'NotRegistered' : 'Registered';
          return { status: 200, body: { id: path, namespace, registrationState, resourceTypes: [] } };
        },
      },
    },
  };
}
