import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import type { TargetOperation } from '../needs.ts';
import { type AzurePlace, scopesOf } from './scopes.ts';

interface AzurePermission {
  place: AzurePlace;
  /** The provider's own; without a case. */
  action: string;
  operations: readonly TargetOperation[];
  /** Of the data in a resource. */
  data?: boolean;
  /** Whether the settings ask for it. Default: always. */
  when?: (settings: AzureFunctionsSettings) => boolean;
}

const of =
  (place: AzurePlace, provider: string, when?: AzurePermission['when']) =>
  (action: string, ...operations: TargetOperation[]): AzurePermission => ({
    ...{ place, action: `${provider}/${action}`, operations },
    ...(when && { when }),
  });

const isPremium = ({ plan }: AzureFunctionsSettings): boolean => plan === 'premium';
const hasOwnIdentity = ({ identity }: AzureFunctionsSettings): boolean => identity === 'system';
const isKeyed = ({ auth, gateway }: AzureFunctionsSettings): boolean => auth === 'function' || gateway !== undefined;

const web = of('apps', 'Microsoft.Web');
const slots = of('apps', 'Microsoft.Web/sites', isPremium);
const slotKeys = of('apps', 'Microsoft.Web/sites', (settings) => isPremium(settings) && settings.auth === 'function');
const flex = of('apps', 'Microsoft.Web', (settings) => !isPremium(settings));
const keys = of('apps', 'Microsoft.Web/sites', isKeyed);
const container = of('storage', 'Microsoft.Storage/storageAccounts/blobServices/containers');
const blob = (verb: string, ...operations: TargetOperation[]): AzurePermission => ({
  ...container(`blobs/${verb}`, ...operations),
  data: true,
});
const queue = of('storage', 'Microsoft.Storage/storageAccounts/queueServices/queues', (s) => s.queue !== undefined);
const identities = of('identity', 'Microsoft.ManagedIdentity/userAssignedIdentities', (s) => !hasOwnIdentity(s));
const telemetry = of('telemetry', 'Microsoft.Insights', (s) => s.applicationInsights !== undefined);
const network = of('subnet', 'Microsoft.Network/virtualNetworks', (s) => s.subnet !== undefined);
const hasFlexNetwork = (s: AzureFunctionsSettings): boolean => s.subnet !== undefined && !isPremium(s);
const registrations = of('registrations', 'Microsoft.Resources/subscriptions', hasFlexNetwork);
const gateway = of('gateway', 'Microsoft.ApiManagement/service', (settings) => settings.gateway !== undefined);
const events = of('uploads', 'Microsoft.EventGrid/eventSubscriptions', ({ batch }) => batch !== undefined);
const assignments = of('roles', 'Microsoft.Authorization/roleAssignments', hasOwnIdentity);
const queueRoles = of(
  'roles',
  'Microsoft.Authorization/roleAssignments',
  (s) => hasOwnIdentity(s) && s.queue !== undefined,
);

/**
 * What is done with a target, by the resource that it is done to.
 * https://learn.microsoft.com/azure/role-based-access-control/permissions/web-and-mobile#microsoftweb and …/integration
 */
export const azurePermissions: readonly AzurePermission[] = [
  web('sites/read', 'look', 'list'),
  // What Coldgate keeps of an app is in its settings.
  web('sites/config/list/action', 'look'),
  web('sites/functions/read', 'look'),
  web('serverfarms/read', 'look'),
  web('sites/write', 'make', 'place'),
  web('sites/config/write', 'make', 'place'),
  flex('sites/publish/action', 'make', 'place'),
  web('sites/host/sync/action', 'make', 'place'),
  // Why a host does not start, without a key of it.
  web('sites/hostruntime/host/read', 'make', 'place'),
  web('sites/basicPublishingCredentialsPolicies/*', 'make'),
  web('sites/operationresults/read', 'make', 'place', 'clear', 'remove'),
  web('serverfarms/write', 'make'),
  web('serverfarms/join/action', 'make'),
  web('sites/delete', 'make', 'clear', 'remove'),
  // A plan goes with its last app.
  web('serverfarms/delete', 'make', 'clear', 'remove'),
  of('apps', 'Microsoft.Resources')('tags/write', 'make', 'place'),
  keys('host/listkeys/action', 'make', 'call'),
  keys('host/functionkeys/write', 'make'),
  // A host that could not read its package yet is started again.
  slots('restart/action', 'make', 'place'),
  slots('slots/config/list/action', 'look'),
  slots('slots/read', 'make', 'place', 'remove'),
  slots('slots/functions/read', 'make', 'place'),
  slots('slots/write', 'make', 'place'),
  slots('slots/config/write', 'make', 'place'),
  slots('slots/host/sync/action', 'make', 'place'),
  slots('slots/hostruntime/host/read', 'make', 'place'),
  slots('slots/basicPublishingCredentialsPolicies/*', 'make', 'place'),
  slots('slots/operationresults/read', 'make', 'place', 'remove'),
  slotKeys('slots/host/listkeys/action', 'make', 'place'),
  slots('slots/restart/action', 'make', 'place'),
  slots('slots/slotsswap/action', 'place'),
  slots('slots/delete', 'make', 'place', 'remove'),
  of('storage', 'Microsoft.Storage')('storageAccounts/read', 'locate', 'make', 'place', 'clear', 'remove'),
  container('write', 'make', 'place'),
  container('delete', 'make', 'clear', 'remove'),
  // Packages by their digest, and the lock of a change.
  { ...blob('read', 'make', 'place'), when: (settings) => !isPremium(settings) },
  blob('write', 'make', 'place'),
  blob('delete', 'make', 'place', 'clear', 'remove'),
  queue('read', 'look', 'place'),
  queue('write', 'place'),
  queue('delete', 'place', 'remove'),
  identities('read', 'make'),
  identities('assign/action', 'make', 'place'),
  telemetry('components/read', 'make', 'place'),
  telemetry('components/query/read', 'make', 'place'),
  network('subnets/join/action', 'make', 'place'),
  registrations('providers/read', 'make', 'place'),
  assignments('write', 'make'),
  assignments('delete', 'make', 'clear', 'remove'),
  // Roles on a queue come and go with it.
  queueRoles('write', 'place'),
  queueRoles('delete', 'place', 'remove'),
  gateway('read', 'look', 'locate'),
  gateway('apis/read', 'look'),
  gateway('apis/revisions/read', 'look'),
  gateway('apis/policies/read', 'place'),
  gateway('apis/releases/read', 'place'),
  gateway('backends/read', 'place', 'clear', 'remove'),
  gateway('namedValues/read', 'place', 'clear', 'remove'),
  gateway('products/apis/read', 'place'),
  gateway('subscriptions/read', 'place'),
  gateway('apis/write', 'place'),
  gateway('apis/policies/write', 'place'),
  gateway('apis/releases/write', 'place'),
  gateway('backends/write', 'place'),
  gateway('namedValues/write', 'place'),
  gateway('products/apis/write', 'place'),
  gateway('subscriptions/write', 'place'),
  gateway('subscriptions/listSecrets/action', 'place', 'call'),
  gateway('operationresults/read', 'place', 'clear', 'remove'),
  // An API that nothing was released by goes with its last candidate.
  gateway('apis/delete', 'place', 'clear', 'remove'),
  gateway('apis/policies/delete', 'place', 'clear', 'remove'),
  gateway('backends/delete', 'place', 'clear', 'remove'),
  gateway('namedValues/delete', 'place', 'clear', 'remove'),
  gateway('subscriptions/delete', 'place', 'clear', 'remove'),
  gateway('products/apis/delete', 'place'),
  // Uploads of a batch, on the storage account that they go to: https://learn.microsoft.com/azure/event-grid/security-authorization
  events('read', 'place', 'remove'),
  events('write', 'place'),
  events('delete', 'place', 'remove'),
];

/** What one identity may do on one resource. */
export interface ScopedActions {
  place: AzurePlace;
  scope: string;
  actions: string[];
  dataActions: string[];
}

/** All that these operations need with these settings, a resource each. */
export function scopedActions(
  settings: readonly AzureFunctionsSettings[],
  operations: readonly TargetOperation[],
): ScopedActions[] {
  const found = new Map<string, ScopedActions>();
  for (const one of settings) {
    for (const { place, action, operations: by, data, when } of azurePermissions) {
      if (!by.some((operation) => operations.includes(operation)) || when?.(one) === false) continue;
      for (const scope of scopesOf(place, one)) {
        const key = `${place} ${scope.toLowerCase()}`;
        const entry = found.get(key) ?? { place, scope, actions: [], dataActions: [] };
        const list = data ? entry.dataActions : entry.actions;
        if (!list.includes(action)) list.push(action);
        found.set(key, entry);
      }
    }
  }
  return [...found.values()];
}
