import { delimiter, dirname, join } from 'node:path';
import { lacksPython, pipInstall } from './commands.ts';
import { startDetached, startOnFreePort } from './processes.ts';
import { probeS3, s3Environment } from './s3-probe.ts';
import type { ServerPart } from './server-part.ts';

/** A second opinion on Lambda's control plane: it keeps revision ids, which moto does not. */
export const ministack: ServerPart = {
  name: 'ministack',
  version: '1.5.33',
  from: 'PyPI',
  lacks: lacksPython,
  install: (folder) => pipInstall(folder, join(import.meta.dirname, 'ministack.txt')),

  start: (folder, work) =>
    startOnFreePort((port) => {
      const log = join(work, 'log');
      // It runs functions by the Node that it finds there: the one of this run, which is the one of the runtime asked for.
      const PATH = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
      const env = { PATH, HOME: work, BIND_HOST: '127.0.0.1', GATEWAY_PORT: String(port) };
      // Not the installed script: its first line names the folder that the part was built in.
      const args = ['-m', 'ministack'];
      return { process: startDetached(join(folder, 'bin', 'python'), args, { cwd: work, log, env }), log };
    }),

  // It takes any credentials.
  env: (endpoint) => s3Environment(endpoint, 'test', 'test'),
  probe: probeS3,
};
