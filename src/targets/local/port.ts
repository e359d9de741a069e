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
 * Ports for live endpoints are taken from below the ranges that systems give to outgoing connections (Linux 32768, macOS
 * 49152): else any program's connection could sit on the port while the endpoint is being replaced.
 */
const firstPort = 20_000;
const portCount = 10_000;
const attempts = 64;

/**
 * The port for the live process: the configured one, else the remembered one, else a free one, the same for the same
 * function where possible. Call when no process of ours holds it. A remembered port that another program has taken is
 * given up with a warning; a configured one is what clients use, so that is an error: UnprovenError `port-in-use` or
 * `port-not-allowed`.
 */
export async function choosePort(
  configured: number | undefined,
  remembered: number,
  tag: string,
  log: Logger,
): Promise<number> {
  if (configured !== undefined) {
    const status = await probePort(configured);
    if (status !== 'free') throw portTaken(configured, status);
    return configured;
  }
  if (remembered !== 0 && (await probePort(remembered)) === 'free') return remembered;
  const port = await freePort(tag);
  if (remembered !== 0) {
    log.warn(`Port ${remembered} of the live endpoint is now taken by another program; it moves to port ${port}.`);
  }
  return port;
}

async function freePort(tag: string): Promise<number> {
  const start = Number.parseInt(tag.slice(0, 8), 16);
  for (let attempt = 0; attempt < attempts; attempt++) {
    // A prime step, so that functions which begin at the same port part ways.
    const port = firstPort + ((start + attempt * 7919) % portCount);
    if ((await probePort(port)) === 'free') return port;
  }
  return 0;
}

function portTaken(port: number, status: string): UnprovenError {
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
