import { spawn } from 'node:child_process';
import type { Logger } from '../log.ts';

/** What the handler gets to end by itself, ms: a little more than it gives its own requests. */
const graceMs = 5000;

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

interface Handler {
  /** Where it listens; nothing when it ends before. */
  listening: Promise<number | undefined>;
  ended: Promise<Ended>;
}

/** Runs the handler in the foreground; its log lines go to standard output. */
export function startHandler(entry: string, port: number, env: NodeJS.ProcessEnv, signal: AbortSignal): Handler {
  const child = spawn(process.execPath, [entry, '--port', String(port)], {
    env,
    // The handler says over its channel when it listens, and ends when the channel does: nothing outlives this process.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let timeoutMs: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGTERM');
    timeoutMs = setTimeout(() => child.kill('SIGKILL'), graceMs);
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, by) => {
      clearTimeout(timeoutMs);
      signal.removeEventListener('abort', stop);
      resolve({ code, signal: by });
    });
  });
  const listening = new Promise<number | undefined>((resolve) => {
    child.on('message', (message) => resolve((message as { port: number }).port));
    child.on('exit', () => resolve(undefined));
  });
  return { listening, ended };
}

/** A handler that lived this long did not end for a reason that comes back at once, ms. */
const steadyMs = 60_000;

/**
 * Runs the handler until it is told to end, and starts it again when it ends by itself after it had served: a run of the
 * model that cannot be interrupted ends its process. `announce` is called with the first one's port.
 */
export async function keepRunning(
  start: (port: number | undefined) => Handler,
  { announce, log, signal }: { announce: (port: number) => Promise<void>; log: Logger; signal: AbortSignal },
): Promise<Ended> {
  let known: number | undefined;
  for (let quick = 0; ; ) {
    const began = performance.now();
    const handler = start(known);
    const port = await handler.listening;
    // Whoever stops it at once is not interested in what could not be said.
    if (port !== undefined && known === undefined) await announce(port).catch(() => {});
    known ??= port;
    const ended = await handler.ended;
    if (ended.code === 0 || signal.aborted || known === undefined || ended.code === 2) return ended;
    quick = performance.now() - began < steadyMs ? quick + 1 : 0;
    const waitMs = quick < 2 ? 0 : Math.min(30_000, 500 * 2 ** quick);
    log.warn(
      `The handler ended (${ended.signal ?? `exit code ${ended.code}`}); starting it again${waitMs ? ` in ${waitMs / 1000} s` : ''}.`,
    );
    await new Promise((resolve) => {
      setTimeout(resolve, waitMs);
      signal.addEventListener('abort', resolve, { once: true });
    });
    if (signal.aborted) return ended;
  }
}
