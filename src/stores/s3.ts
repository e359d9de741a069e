import type { StoreSettings } from '../config/types.ts';
import { type CloudDriver, CloudStore } from './cloud-store.ts';
import { contextOf } from './s3/client.ts';
import type { S3Context, S3Options } from './s3/context.ts';
import { copyObject } from './s3/copy.ts';
import { headObject } from './s3/info.ts';
import { listObjects } from './s3/list.ts';
import { locateBucket } from './s3/locate.ts';
import { named } from './s3/principal.ts';
import { getObject } from './s3/read.ts';
import { removeObject } from './s3/remove.ts';
import { signRead } from './s3/sign.ts';
import { putObject } from './s3/upload.ts';
import type { Store } from './store.ts';

/** A bucket, or a prefix of one, on S3 or a server that speaks its protocol; docs/stores.md lists what it relies on. */
const driver: CloudDriver<S3Context> = {
  scheme: 's3',
  put: (context, ...write) => named(context, () => putObject(context, ...write)),
  get: (context, ...read) => named(context, () => getObject(context, ...read)),
  head: (context, key) => named(context, () => headObject(context, key)),
  list: listObjects,
  remove: (context, ...what) => named(context, () => removeObject(context, ...what)),
  sign: signRead,
  locate: (context) => named(context, () => locateBucket(context)),
  copy: (from, key, context, to) => named(context, () => copyObject(from, key, context, to)),
};

/**
 * Opens the bucket that the URL names. Credentials come from the SDK's own chain (environment, profile, OIDC,
 * instance). Sends nothing. Throws InputError `bad-input` for settings that S3 cannot honour and where no region is
 * found.
 */
export async function openS3Store(settings: StoreSettings, options: S3Options = {}): Promise<Store> {
  return new CloudStore(driver, await contextOf(settings, options));
}
