import { join } from 'node:path';
import { lacksPython, pipInstall } from './commands.ts';
import { startDetached, startOnFreePort } from './processes.ts';
import { probeS3, s3Environment } from './s3-probe.ts';
import type { ServerPart } from './server-part.ts';

export const motoServer = join(import.meta.dirname, 'moto-server.py');

export const moto: ServerPart = {
  name: 'moto',
  version: '5.2.1',
  from: 'PyPI',
  lacks: lacksPython,
  install: (folder) => pipInstall(folder, join(import.meta.dirname, 'moto.txt')),

  start: (folder, work) =>
    startOnFreePort((port) => {
      const log = join(work, 'log');
      const args = [motoServer, '-H', '127.0.0.1', '-p', String(port)];
      return { process: startDetached(join(folder, 'bin', 'python'), args, { cwd: work, log }), log };
    }),

  // It takes any credentials: what they may do is for radosgw to judge.
  env: (endpoint) => s3Environment(endpoint, 'moto-access-key', 'moto-secret-key'),
  probe: probeS3,
};
