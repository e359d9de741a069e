import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ProcessId } from '../../src/targets/local/process-mark.ts';
import { isRunning, systemProcesses } from '../../src/targets/local/process-table.ts';
import { isGone } from '../../src/targets/local/stop-process.ts';

/** A loopback port that nobody listens on now; somebody may a moment later, so whoever starts on it tries again. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

export interface DetachedOptions {
  /** Where it is noted, too, as soon as it runs: whatever happens next, it can be found and stopped. */
  cwd: string;
  /** Everything that it says goes there. */
  log: string;
  env?: NodeJS.ProcessEnv;
}

/** Starts a process that outlives this one; it is stopped by its id. */
export function startDetached(command: string, args: string[], { cwd, log, env }: DetachedOptions): ProcessId {
  const output = openSync(log, 'a');
  try {
    const child = spawn(command, args, {
      cwd,
      env: env ?? process.env,
      detached: true,
      stdio: ['ignore', output, output],
    });
    child.on('error', () => {});
    child.unref();
    const id = systemProcesses.identify(child.pid ?? 0);
    if (!id) throw new Error(`${command} did not start: ${lastWords(log)}`);
    appendFileSync(join(cwd, 'processes'), `${id.pid} ${id.started}\n`);
    return id;
  } finally {
    closeSync(output);
  }
}

/** The processes that were started there, the last one first, as they are to be stopped. */
export function startedIn(folder: string): ProcessId[] {
  return readOrNothing(join(folder, 'processes'))
    .split('\n')
    .flatMap((line) => {
      const [pid, started] = line.split(' ');
      return pid && started ? [{ pid: Number(pid), started }] : [];
    })
    .reverse();
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The end of a log, for errors. */
export function lastWords(log: string): string {
  return readOrNothing(log).trim().split('\n').slice(-12).join('\n') || 'it said nothing';
}

export interface Waiting {
  /** What must go on running meanwhile. */
  process: ProcessId;
  log: string;
  timeoutMs?: number;
}

/** Waits until the address answers HTTP, with whatever status. Throws the process's last words when it ends before. */
export async function untilAnswers(url: string, { process: id, log, timeoutMs = 60_000 }: Waiting): Promise<void> {
  for (const end = performance.now() + timeoutMs; performance.now() < end; await pause(50)) {
    if (!isRunning(systemProcesses, id)) throw new Error(`it ended at once:\n${lastWords(log)}`);
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer) return;
  }
  throw new Error(`it did not answer on ${url} within ${timeoutMs / 1000} s:\n${lastWords(log)}`);
}

/** Ends that very process, at once: no server here has anything to keep. Waits until it is gone. */
export async function stopProcess(id: ProcessId): Promise<void> {
  if (!isRunning(systemProcesses, id)) return;
  try {
    process.kill(id.pid, 'SIGKILL');
  } catch {
    // It ended between the two lines.
  }
  await isGone(systemProcesses, id, 5000);
}

/** Starts one process on a free port and waits until it answers there; takes another when somebody was faster. */
export async function startOnFreePort(launch: (port: number) => Waiting): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const launched = launch(port);
    try {
      await untilAnswers(endpoint, launched);
      return endpoint;
    } catch (error) {
      await stopProcess(launched.process);
      if (attempt === 3) throw error;
    }
  }
}
