import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';

/** Resources that a target's settings name; each gets a role of its own. */
export type AzurePlace =
  | 'apps'
  | 'storage'
  | 'identity'
  | 'telemetry'
  | 'subnet'
  | 'registrations'
  | 'gateway'
  | 'uploads'
  | 'roles';

const groupOf = (subscription: string, group: string): string =>
  `/subscriptions/${subscription}/resourceGroups/${group}`;

export const storageAccountId = ({ subscription, resourceGroup }: AzureFunctionsSettings, account: string): string =>
  `${groupOf(subscription, resourceGroup)}/providers/Microsoft.Storage/storageAccounts/${account}`;

/** Ids of the resources that a place is in these settings. */
export function scopesOf(place: AzurePlace, settings: AzureFunctionsSettings): string[] {
  const { subscription, resourceGroup, identity, applicationInsights, subnet, gateway: front, batch } = settings;
  const group = groupOf(subscription, resourceGroup);
  const named = (id: string | undefined): string[] => (id === undefined ? [] : [id]);
  switch (place) {
    case 'apps':
      return [group];
    case 'storage':
    case 'roles':
      return [storageAccountId(settings, settings.storageAccount)];
    case 'identity':
      return identity === 'system' ? [] : [identity];
    case 'telemetry':
      return named(applicationInsights);
    case 'subnet':
      return named(subnet);
    // Whether virtual networks of Flex Consumption are switched on.
    case 'registrations':
      return [`/subscriptions/${subscription}`];
    case 'uploads':
      return batch ? [storageAccountId(settings, batch.storageAccount ?? settings.storageAccount)] : [];
    case 'gateway': {
      const other = groupOf(subscription, front?.resourceGroup ?? resourceGroup);
      return front ? [`${other}/providers/Microsoft.ApiManagement/service/${front.service}`] : [];
    }
  }
}
