import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UnprovenError } from '../../errors.ts';
import { atMost, pause } from '../../pause.ts';
import type { Command } from './command.ts';
import { findListening, type Listening } from './listening.ts';
import { lastLines, openLog, readLog } from './log-file.ts';
import type { ProcessTable } from './process-table.ts';
import { killMs } from './stop-process.ts';

export interface LaunchOptions {
  table: ProcessTable;
  /** The unpacked package. */
  dir: string;
  command: Command;
  variables: Record<string, string>;
  log: string;
  /** How long it may take until it listens, ms. */
  timeoutMs: number;
  signal: AbortSignal;
}

export interface Launched extends Listening {
  pid: number;
  started: string;
}

/**
 * Starts a process that outlives this one, and waits until it listens. Its output goes to a file, since a pipe would
 * end with us. Throws UnprovenError `did-not-start` with its last lines; it is then no longer running.
 */
export async function launch(options: LaunchOptions): Promise<Launched> {
  await mkdir(dirname(options.log), { recursive: true });
  const log = await openLog(options.log);
  const child = spawn(options.command.file, options.command.args, {
    cwd: options.dir,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: options.variables,
  });
  const ended = endOfChild(child);
  try {
    await log.close();
    const listening = await untilListening(ended.reason, options);
    const id = options.table.identify(child.pid ?? 0);
    if (!id) throw await didNotStart('it ended right after it began to listen', options);
    if (!options.table.marked().some((p) => p.pid === id.pid && p.started === id.started)) throw notShown();
    child.unref();
    return { ...listening, ...id };
  } catch (error) {
    child.kill('SIGKILL');
    // One that the system holds would never end; it carries our mark, so that a later run finds it.
    await atMost(killMs, ended.promise);
    throw error;
  }
}

/** Later runs could neither find nor stop such a process, so it must not be left running. */
const notShown = (): UnprovenError =>
  new UnprovenError('processes-not-shown', 'This system does not show what its processes were started with.', {
    hint: 'The local target needs to read /proc/<pid>/environ (Linux) or ps -E (macOS) of its own processes: allow that.',
  });

/** Why the child ended, once it has; `spawn` failing counts as well. */
function endOfChild(child: ChildProcess): { reason(): string | undefined; promise: Promise<void> } {
  let reason: string | undefined;
  const promise = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      reason ??= `it could not be started: ${error.message}`;
      resolve();
    });
    child.once('exit', (code, signal) => {
      reason ??= signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`;
      resolve();
    });
  });
  return { reason: () => reason, promise };
}

async function untilListening(reason: () => string | undefined, options: LaunchOptions): Promise<Listening> {
  for (const end = performance.now() + options.timeoutMs; performance.now() < end; ) {
    const why = reason();
    const listening = findListening(await readLog(options.log));
    if (listening && !why) return listening;
    if (why) throw await didNotStart(why, options);
    await pause(10, options.signal);
  }
  throw await didNotStart(`it did not listen within ${options.timeoutMs / 1000} s`, options);
}

async function didNotStart(why: string, options: LaunchOptions): Promise<UnprovenError> {
  const lines = await lastLines(options.log);
  const detail =
    lines.length > 0 ? `Its last lines:\n${lines.map((line) => `  ${line}`).join('\n')}` : 'It wrote no output.';
  return new UnprovenError('did-not-start', `The function's process did not start: ${why}. ${detail}`, {
    hint: hintFor(lines.join('\n')),
    data: { why, lines, log: options.log },
  });
}

function hintFor(output: string): string {
  if (/ld-linux|GLIBC|musl|ERR_DLOPEN_FAILED/.test(output)) {
    return 'The ONNX runtime needs glibc 2.28 or newer, which Alpine and other musl systems do not have: use a Debian or Ubuntu image.';
  }
  return 'Read the lines above: most often the store or a handler option is not what the function expects.';
}
