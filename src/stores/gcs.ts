import type { StoreSettings } from '../config/types.ts';
import { type CloudDriver, CloudStore } from './cloud-store.ts';
import { contextOf } from './gcs/client.ts';
import type { GcsContext, GcsLimits } from './gcs/context.ts';
import { copyObject } from './gcs/copy.ts';
import { headObject } from './gcs/info.ts';
import { listObjects } from './gcs/list.ts';
import { locateBucket } from './gcs/locate.ts';
import { getObject } from './gcs/read.ts';
import { removeObject } from './gcs/remove.ts';
import { signRead } from './gcs/sign.ts';
import { putObject } from './gcs/upload.ts';
import type { Store } from './store.ts';

/** A bucket, or a prefix of one, on Google Cloud Storage; docs/stores.md lists what it relies on. */
const driver: CloudDriver<GcsContext> = {
  scheme: 'gs',
  put: putObject,
  get: getObject,
  head: headObject,
  list: listObjects,
  remove: removeObject,
  sign: signRead,
  locate: locateBucket,
  copy: copyObject,
};

/**
 * Opens the bucket that the URL names. Credentials come from the SDK's own chain (workload identity, gcloud, metadata
 * server), but not for emulators. Sends nothing. Throws InputError `bad-input` for settings that the service cannot honour.
 */
export function openGcsStore(settings: StoreSettings, limits: Partial<GcsLimits> = {}): Store {
  return new CloudStore(driver, contextOf(settings, limits));
}
