import type { StoreSettings } from '../../../src/config/types.ts';
import type { ServerName } from '../../emulators/servers.ts';
import { azuriteContainer, azuriteEnvironment } from '../stores/azurite.ts';
import { fakeGcsBucket, fakeGcsEnvironment } from '../stores/fake-gcs.ts';
import { s3Bucket, s3Environment } from '../stores/s3-bucket.ts';

/** Servers that the registry's suites run on, each through its own driver. */
export const cloudServers: readonly ServerName[] = ['moto', 'radosgw', 'azurite', 'fake-gcs'];

/** In each test of this file and in the processes it starts the drivers find the server's credentials. */
export function cloudEnvironment(server: ServerName): void {
  if (server === 'azurite') azuriteEnvironment();
  else if (server === 'fake-gcs') fakeGcsEnvironment();
  else s3Environment(server);
}

/** An empty bucket or container there; the server lives in memory and forgets it when it ends. */
export async function cloudStore(server: ServerName): Promise<StoreSettings> {
  if (server === 'azurite') return (await azuriteContainer()).settings;
  if (server === 'fake-gcs') return fakeGcsBucket();
  return (await s3Bucket(server)).settings;
}
