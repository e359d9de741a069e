import type { StoreSettings } from '../../src/config/types.ts';
import { openAzureStore } from '../../src/stores/azure.ts';
import { openGcsStore } from '../../src/stores/gcs.ts';
import { openS3Store } from '../../src/stores/s3.ts';
import type { Store } from '../../src/stores/store.ts';

/** How long the clients of this suite take silence, ms; 20 s outside of tests. */
export const stallMs = 500;

const mebibyte = 1024 * 1024;

/** Opens a store whose parts are as small as its service takes them. */
export async function openWithRetry(
  settings: StoreSettings,
  limits: { stallMs?: number; attempts?: number } = {},
): Promise<Store> {
  if (settings.url.startsWith('s3:')) return openS3Store(settings, { ...limits, partBytes: 5 * mebibyte });
  if (settings.url.startsWith('gs:'))
    return openGcsStore(settings, { ...limits, pieceBytes: mebibyte / 4, rateMs: 20 });
  return openAzureStore(settings, { ...limits, blockBytes: 100_000, rangeBytes: 100_000 });
}
