import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { afterEach, beforeEach, vi } from 'vitest';
import type { StoreSettings } from '../../../src/config/types.ts';
import { useServer } from '../../emulators/servers.ts';

const account = 'devstoreaccount1';
let made = 0;

/** An empty container of Azurite's. */
export interface AzuriteContainer {
  settings: StoreSettings;
  client: ContainerClient;
  remove(): Promise<void>;
}

export async function azuriteContainer(): Promise<AzuriteContainer> {
  const { endpoint, env } = await useServer('azurite');
  const name = `stores-${process.pid}-${++made}`;
  const client = BlobServiceClient.fromConnectionString(env['AZURE_STORAGE_CONNECTION_STRING']!).getContainerClient(
    name,
  );
  await client.create();
  const settings = { url: `azure://${account}/${name}/models`, endpoint };
  return { settings, client, remove: async () => void (await client.delete()) };
}

/** In each test of this file and in the processes it starts the driver finds Azurite's credentials. */
export function azuriteEnvironment(): void {
  beforeEach(async () => {
    for (const [name, value] of Object.entries((await useServer('azurite')).env)) vi.stubEnv(name, value);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });
}
