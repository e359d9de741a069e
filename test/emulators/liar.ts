import { join } from 'node:path';
import { lacksPrograms, npmInstall } from './commands.ts';
import { startDetached, startOnFreePort } from './processes.ts';
import { running } from './running.ts';
import { s3Environment } from './s3-probe.ts';
import type { Server, ServerPart } from './server-part.ts';

/**
 * An S3 that says yes to every write, whatever its condition: for tests that Coldgate finds such servers out. Nothing
 * else may be proven on it, so it is no ServerName.
 */
export const liar: ServerPart<'liar'> = {
  name: 'liar',
  version: 's3rver-3.7.1',
  from: 'npm',
  lacks: () => lacksPrograms('npm'),
  install: (folder) => npmInstall(folder, ['s3rver@3.7.1']),

  start: (folder, work) =>
    startOnFreePort((port) => {
      const log = join(work, 'log');
      const main = join(folder, 'node_modules/s3rver/bin/s3rver.js');
      const where = ['--address', '127.0.0.1', '--port', String(port), '--directory', join(work, 'data')];
      const args = [main, ...where, '--silent', '--no-vhost-buckets'];
      return { process: startDetached(process.execPath, args, { cwd: work, log }), log };
    }),

  env: (endpoint) => ({
    // The only credentials that it knows.
    ...s3Environment(endpoint, 'S3RVER', 'S3RVER'),
    // It keeps a checksum that comes after a body as a part of it.
    AWS_REQUEST_CHECKSUM_CALCULATION: 'WHEN_REQUIRED',
    AWS_RESPONSE_CHECKSUM_VALIDATION: 'WHEN_REQUIRED',
  }),
  probe: async () => [],
};

/** The liar, one for all processes of a run as honest servers are. Throws when it is not installed. */
export const useLiar = (): Promise<Server<'liar'>> => running(liar);
