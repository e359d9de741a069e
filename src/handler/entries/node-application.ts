import { sinceStart } from '../clock.ts';
import { noticeFreezes } from '../freezes.ts';
import type { Served } from '../http/node.ts';
import { startFailure, startNode } from '../http/node-main.ts';
import { openOutput } from '../http/node-output.ts';
import type { NodePlatform } from '../http/node-platform.ts';
import { isSessionThread } from '../session/session-thread.ts';
import { openWorkerSession } from '../session/worker-session.ts';
import { openExtras } from './extras.ts';

export interface RunOptions {
  /** The file that Node was started with; as a worker thread's entry it loads new versions. */
  entry: string;
  /** Called after each prediction. */
  onPrediction?: () => void;
  platform?: NodePlatform;
}

/** The function behind `node.cjs`, for the process that it is started as, and for its worker threads. */
export function run(options: RunOptions): void {
  // No await here: this is built as CommonJS, which Node starts some 5 ms sooner.
  if (!isSessionThread()) void main(sinceStart(), options);
  else void import('../session/session-worker.ts').then((worker) => worker.serveSession());
}

/** Time for requests in flight after a signal to end, ms: less than any platform waits before it kills. */
const graceMs = 4000;
/** The same after the parent process is gone. */
const orphanGraceMs = 1000;

async function main(initMs: number, { entry, onPrediction, platform }: RunOptions): Promise<void> {
  const { write, writeAtOnce, flush } = openOutput();
  if (platform?.freezesIdle) noticeFreezes();
  try {
    const { argv, env } = process;
    const openNext = openWorkerSession(entry);
    const replacement = platform?.freezesIdle
      ? { replace: kill, whenQuiet: false }
      : { replace: () => replace(served.port, writeAtOnce, flush), whenQuiet: true };
    const extras = await openExtras(platform, env);
    const handler = { openNext, replacement, onPrediction, platform, ...extras };
    const output = { write, writeAtOnce };
    const served = await startNode({ argv: argv.slice(2), variables: env, initMs, ...handler, ...output });
    const stop = stopper(served, flush);
    // Each signal is taken once: a terminal and `coldgate serve` may both send one, and a second Ctrl-C ends at once.
    for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop(graceMs));
    if (process.send) {
      // Started by `coldgate serve`, which waits for this, and is not outlived.
      process.send({ event: 'listening', port: served.port });
      process.on('disconnect', () => stop(orphanGraceMs));
    }
  } catch (error) {
    write(startFailure(error, platform?.logForm));
    process.exitCode = 2;
  }
}

/** Ends the process when requests in flight have their answers, or when the grace is over, ms. */
function stopper(served: Served, flush: () => void): (grace: number) => void {
  let closing = false;
  return function stop(grace) {
    setTimeout(() => {
      // What still runs now cannot be interrupted.
      flush();
      kill();
    }, grace);
    if (closing) return;
    closing = true;
    void served.close().then(() => {
      flush();
      // Node would wait for a thread that does not come back.
      if (served.isStuck) kill();
      else process.exit(0);
    });
  };
}

const kill = (): void => void process.kill(process.pid, 'SIGKILL');

/**
 * A new process in the place of this one, under its number, with its arguments and on its port: the system takes all
 * threads away. `coldgate serve` starts one itself, since its channel would not survive.
 */
function replace(port: number, writeAtOnce: (line: string) => void, flush: () => void): void {
  flush();
  const time = new Date().toISOString();
  const why = 'Runs that took too long cannot be interrupted; a new process takes their place.';
  writeAtOnce(JSON.stringify({ level: 'warn', time, event: 'replaced', pid: process.pid, reason: why }));
  const { execPath, execArgv, argv, env } = process;
  const again = argv.slice(1).filter((one) => !one.startsWith('--port='));
  // Node 22.15 and 24; under an older one the parent process has to.
  if (process.execve && !process.send)
    process.execve(execPath, [execPath, ...execArgv, ...again, `--port=${port}`], env);
  kill();
}
