import { readFileSync, writeFileSync } from 'node:fs';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { ownProcess, systemProcesses } from '../src/targets/local/process-table.ts';
import { moto } from '../test/emulators/moto.ts';
import { whyNot } from '../test/emulators/part.ts';
import { radosgw } from '../test/emulators/radosgw.ts';
import { startFor, stopAll } from '../test/emulators/running.ts';
import type { ServerPart } from '../test/emulators/server-part.ts';
import type { Server } from '../test/emulators/servers.ts';
import type { Project } from '../test/fixtures/project.ts';

export const s3Bucket = 'bench';

/** The most real server of S3 that is installed. */
export const s3Server = (): typeof radosgw | undefined =>
  [radosgw, moto].find((server) => whyNot(server) === undefined);

/** Runs the work on a server of its own: they keep what was deleted for hours, and all of it in memory. */
export async function onS3<T>(part: ServerPart, work: (server: Server) => Promise<T>): Promise<T> {
  const owner = ownProcess(systemProcesses);
  const server = await startFor(owner, part as typeof radosgw);
  try {
    const credentials = {
      accessKeyId: server.env['AWS_ACCESS_KEY_ID']!,
      secretAccessKey: server.env['AWS_SECRET_ACCESS_KEY']!,
    };
    const client = new S3Client({ endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
    await client.send(new CreateBucketCommand({ Bucket: s3Bucket }));
    client.destroy();
    return await work(server);
  } finally {
    await stopAll(owner);
  }
}

/** Has the project keep its versions on the server. */
export function useS3(project: Project, endpoint: string): void {
  const path = project.path('models.yaml');
  const store = `store: { url: "s3://${s3Bucket}/models", endpoint: "${endpoint}" }`;
  writeFileSync(path, readFileSync(path, 'utf8').replace(/store: (?:"[^"]*"|\{[^}]*\})/, store));
}
