import type { StoreSettings } from '../config/types.ts';
import { contextOf } from './azure/client.ts';
import type { AzureContext, AzureLimits } from './azure/context.ts';
import { copyObject } from './azure/copy.ts';
import { headBlob } from './azure/info.ts';
import { listObjects } from './azure/list.ts';
import { getObject } from './azure/read.ts';
import { removeObject } from './azure/remove.ts';
import { signRead } from './azure/sign.ts';
import { putObject } from './azure/upload.ts';
import { type CloudDriver, CloudStore } from './cloud-store.ts';
import type { Store } from './store.ts';

/** A container, or a prefix of one, of Azure Blob Storage; docs/stores.md lists what it relies on. */
const driver: CloudDriver<AzureContext> = {
  scheme: 'azure',
  put: putObject,
  get: getObject,
  head: headBlob,
  list: listObjects,
  remove: removeObject,
  sign: signRead,
  copy: copyObject,
};

/**
 * Opens the container that the URL names, with the key or signature of AZURE_STORAGE_CONNECTION_STRING where that is of
 * the account, else with what @azure/identity finds. Sends nothing. Throws InputError `bad-input` for settings that the
 * service cannot honour.
 */
export async function openAzureStore(settings: StoreSettings, limits: Partial<AzureLimits> = {}): Promise<Store> {
  return new CloudStore(driver, await contextOf(settings, limits));
}
