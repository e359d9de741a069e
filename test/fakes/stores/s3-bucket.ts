import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, vi } from 'vitest';
import type { StoreSettings } from '../../../src/config/types.ts';
import { type ServerName, useServer } from '../../emulators/servers.ts';

let made = 0;

/** A new bucket on the server, and the store in it. The server lives in memory: it forgets the bucket when it ends. */
export async function s3Bucket(
  name: ServerName,
): Promise<{ settings: StoreSettings; bucket: string; client: S3Client }> {
  const { endpoint } = await useServer(name);
  const bucket = `stores-${process.pid}-${++made}`;
  const client = new S3Client({ endpoint, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return { settings: { url: `s3://${bucket}/models`, endpoint }, bucket, client };
}

/** In each test of this file and in the processes it starts the SDK finds the server's credentials. */
export function s3Environment(name: ServerName): void {
  beforeEach(async () => {
    for (const [variable, value] of Object.entries((await useServer(name)).env)) vi.stubEnv(variable, value);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });
}
