import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import type { TargetOperation } from '../needs.ts';

/** https://learn.microsoft.com/azure/role-based-access-control/permissions/web-and-mobile#microsoftweb */
export function appActions(
  { identity, gateway }: AzureFunctionsSettings,
  operations: readonly TargetOperation[],
): string[] {
  const has = (operation: TargetOperation) => operations.includes(operation);
  return [
    ...(has('look') ? ['Microsoft.Web/sites/read', 'Microsoft.Web/sites/functions/read'] : []),
    ...(has('make')
      ? [
          'Microsoft.Web/sites/write',
          'Microsoft.Web/sites/config/list/action',
          'Microsoft.Web/sites/config/write',
          'Microsoft.Web/sites/publish/action',
          'Microsoft.Web/sites/restart/action',
          'Microsoft.Web/sites/host/listkeys/action',
          'Microsoft.Web/serverfarms/read',
          'Microsoft.Web/serverfarms/write',
          'Microsoft.Web/serverfarms/join/action',
          'Microsoft.Storage/storageAccounts/read',
          'Microsoft.Storage/storageAccounts/listKeys/action',
        ]
      : []),
    ...(has('make') && identity !== 'system' ? ['Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'] : []),
    ...(has('place') && gateway
      ? ['Microsoft.ApiManagement/service/apis/read', 'Microsoft.ApiManagement/service/apis/write']
      : []),
    ...(has('clear') || has('remove') ? ['Microsoft.Web/sites/delete'] : []),
    ...(has('remove') ? ['Microsoft.Web/serverfarms/delete'] : []),
  ];
}
