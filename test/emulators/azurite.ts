import { join } from 'node:path';
import { lacksPrograms, npmInstall } from './commands.ts';
import { startDetached, startOnFreePort } from './processes.ts';
import type { Server, ServerPart } from './server-part.ts';

/** The account that every Azurite has; its documentation prints the key. */
const account = 'devstoreaccount1';
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const preload = join(import.meta.dirname, 'azurite-preload.cjs');

export const azurite: ServerPart = {
  name: 'azurite',
  version: '3.37.0',
  from: 'npm',
  lacks: () => lacksPrograms('npm'),
  install: (folder) => npmInstall(folder, ['azurite@3.37.0']),

  start: (folder, work) =>
    startOnFreePort((port) => {
      const log = join(work, 'log');
      const main = join(folder, 'node_modules/azurite/dist/src/blob/main.js');
      // The current SDK speaks a newer version of the API than this release knows, and would be refused for it.
      const flags = ['--inMemoryPersistence', '--silent', '--disableTelemetry', '--skipApiVersionCheck'];
      const where = ['--blobHost', '127.0.0.1', '--blobPort', String(port)];
      const args = ['--require', preload, main, ...where, ...flags];
      return { process: startDetached(process.execPath, args, { cwd: work, log }), log };
    }),

  env: (endpoint) => ({
    AZURE_STORAGE_CONNECTION_STRING: [
      'DefaultEndpointsProtocol=http',
      `AccountName=${account}`,
      `AccountKey=${key}`,
      `BlobEndpoint=${endpoint}/${account};`,
    ].join(';'),
  }),

  probe,
};

async function probe({ env }: Server): Promise<string[]> {
  const { BlobServiceClient } = await import('@azure/storage-blob');
  const service = BlobServiceClient.fromConnectionString(env['AZURE_STORAGE_CONNECTION_STRING']!);
  const container = service.getContainerClient(`probe-${process.pid}`);
  await container.create();
  const blob = container.getBlockBlobClient('one');
  const write = async (text: string, conditions: object): Promise<string> =>
    (await blob.upload(text, text.length, { conditions })).etag!;
  const accepts = (conditions: object): Promise<boolean> =>
    write('other', conditions).then(
      () => true,
      () => false,
    );
  try {
    const stale = await write('first', { ifNoneMatch: '*' });
    await write('second', { ifMatch: stale });
    const accepted: string[] = [];
    if (await accepts({ ifNoneMatch: '*' })) accepted.push('a create over a blob that exists');
    if (await accepts({ ifMatch: stale })) accepted.push('an update with a stale ETag');
    const now = (await blob.downloadToBuffer()).toString();
    if (now !== 'second') accepted.push(`a write that it had refused: the blob is ${now}`);
    return accepted;
  } finally {
    await container.delete();
  }
}
