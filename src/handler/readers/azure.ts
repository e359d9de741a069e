import type { Variables } from '../settings.ts';
import { AzureBlobs } from './azure-blobs.ts';
import type { Limits } from './limits.ts';
import type { Reader } from './reader.ts';
import { openRemoteReader } from './remote.ts';
import type { StoreSource } from './source.ts';

/**
 * Reads `<prefix>/<key>` of a container, as the function's managed identity, or with what
 * AZURE_STORAGE_CONNECTION_STRING holds. Throws SettingsError where that is of another account.
 */
export const openAzureReader = (source: StoreSource, variables: Variables, limits?: Limits): Reader =>
  openRemoteReader(new AzureBlobs(source, variables, limits), limits);
