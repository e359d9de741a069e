import type { StoreSettings } from '../config/types.ts';
import { type CloudDriver, CloudStore } from './cloud-store.ts';
import { contextOf } from './gs/client.ts';
import type { GsContext, GsLimits } from './gs/context.ts';
import { copyObject } from './gs/copy.ts';
import { headObject } from './gs/info.ts';
import { listObjects } from './gs/list.ts';
import { getObject } from './gs/read.ts';
import { removeObject } from './gs/remove.ts';
import { signRead } from './gs/sign.ts';
import { putObject } from './gs/upload.ts';
import type { Store } from './store.ts';

/** A bucket, or a prefix of one, on Google Cloud Storage; docs/stores.md says what it relies on. */
const driver: CloudDriver<GsContext> = {
  scheme: 'gs',
  put: putObject,
  get: getObject,
  head: headObject,
  list: listObjects,
  remove: removeObject,
  sign: signRead,
  copy: copyObject,
};

/**
 * Opens the bucket that the URL names. Credentials come from the SDK's own chain (workload identity, gcloud, metadata
 * server), but not for emulators. Sends nothing. Throws InputError `bad-input` for settings that the service cannot honour.
 */
export function openGsStore(settings: StoreSettings, limits: Partial<GsLimits> = {}): Store {
  return new CloudStore(driver, contextOf(settings, limits));
}
