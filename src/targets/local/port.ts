import { createServer } from 'node:net';
import { UnprovenError } from '../../errors.ts';
import type { Logger } from '../../log.ts';

/** Whether a process could listen on that loopback port now: `free`, or the system's reason why not. */
export function probePort(port: number): Promise<'free' | 'EADDRINUSE' | 'EACCES' | string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve('free')));
  });
}

/**
 * The port for the live process: the configured one, else the remembered one, else 0 (the system chooses). Call when no
 * process of ours holds it. A remembered port that somebody else has taken is given up with a warning; a configured one
 * is what clients were told, so that is an error: UnprovenError `port-in-use` or `port-not-allowed`.
 */
export async function choosePort(configured: number | undefined, remembered: number, log: Logger): Promise<number> {
  const wanted = configured ?? remembered;
  if (wanted === 0) return 0;
  const status = await probePort(wanted);
  if (status === 'free') return wanted;
  if (configured === undefined) {
    log.warn(`Port ${wanted} of the live endpoint is now taken by another program; choosing a new one.`);
    return 0;
  }
  throw portTaken(wanted, status);
}

export function portTaken(port: number, status: string): UnprovenError {
  if (status === 'EACCES') {
    return new UnprovenError('port-not-allowed', `This user may not listen on port ${port}.`, {
      hint: 'Configure a port above 1023 in `target: { provider: local, port: … }`.',
      data: { port },
    });
  }
  return new UnprovenError('port-in-use', `Port ${port}, configured for the live endpoint, is taken (${status}).`, {
    hint: `See whose it is with: lsof -nP -iTCP:${port} -sTCP:LISTEN (or ss -ltnp). Stop that, or configure another port.`,
    data: { port, status },
  });
}
