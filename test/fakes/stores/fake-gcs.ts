import { afterEach, beforeEach, vi } from 'vitest';
import type { StoreSettings } from '../../../src/config/types.ts';
import { useServer } from '../../emulators/servers.ts';

let made = 0;

/** An empty bucket of fake-gcs-server's. */
export async function fakeGcsBucket(): Promise<StoreSettings> {
  const { endpoint } = await useServer('fake-gcs');
  const name = `stores-${process.pid}-${++made}`;
  const answer = await fetch(`${endpoint}/storage/v1/b?project=coldgate-tests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  if (!answer.ok) throw new Error(`fake-gcs-server made no bucket: ${answer.status} ${await answer.text()}`);
  return { url: `gs://${name}/models`, endpoint };
}

/** In each test of this file and in the processes it starts the driver finds what it needs for fake-gcs-server. */
export function fakeGcsEnvironment(): void {
  beforeEach(async () => {
    for (const [name, value] of Object.entries((await useServer('fake-gcs')).env)) vi.stubEnv(name, value);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });
}
