import type { Located } from '../../advice/rule.ts';
import { openArm } from '../../azure/arm.ts';
import { openCredentials } from '../../azure/credentials.ts';
import type { Environment } from '../../config/types.ts';
import type { Context } from '../verb.ts';

/**
 * Where the storage account of the store is, by Azure Resource Manager: blobs do not say. Undefined where that is no
 * account of the target, which is the only one that the pipeline may look at. Throws ColdgateError.
 */
export async function locateAccount({ store, target }: Environment, context: Context): Promise<Located | undefined> {
  const account = /^azure:\/\/([^/]+)/.exec(store.url)?.[1];
  if (target.provider !== 'azure-functions' || account !== target.storageAccount) return undefined;
  const { env: variables, log, signal } = context;
  const arm = openArm({ log, signal, variables, credentials: openCredentials(variables, signal) });
  const group = `/subscriptions/${target.subscription}/resourceGroups/${target.resourceGroup}`;
  const path = `${group}/providers/Microsoft.Storage/storageAccounts/${account}`;
  const found = await arm.find<{ location?: string }>(path, { apiVersion: '2023-05-01' });
  const region = found?.body.location?.toLowerCase().replaceAll(' ', '');
  return region ? { region } : { why: `there is no storage account ${account} in ${target.resourceGroup}` };
}
