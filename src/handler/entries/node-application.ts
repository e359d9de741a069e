import { sinceStart } from '../clock.ts';
import type { Served } from '../node.ts';
import { startFailure, startNode } from '../node-main.ts';
import { openOutput } from '../node-output.ts';
import { isSessionThread } from '../session-thread.ts';
import { openWorkerSession } from '../worker-session.ts';

export interface RunOptions {
  /** The file that Node was started with; as a worker thread's entry it loads new versions. */
  entry: string;
  /** Told of each answer that a model gave. */
  onPrediction?: () => void;
}

/** The function behind `node.cjs`, for the process that it is started as, and for its worker threads. */
export function run(options: RunOptions): void {
  // No await here: this is built as CommonJS, which Node starts some 5 ms sooner.
  if (!isSessionThread()) void main(sinceStart(), options);
  else void import('../session-worker.ts').then((worker) => worker.serveSession());
}

async function main(initMs: number, { entry, onPrediction }: RunOptions): Promise<void> {
  const { write, writeAtOnce, flush } = openOutput();
  try {
    const { argv, env } = process;
    const output = { write, writeAtOnce };
    const openNext = openWorkerSession(entry);
    const served = await startNode({ argv: argv.slice(2), variables: env, initMs, openNext, onPrediction, ...output });
    const stop = stopper(served, flush);
    process.on('SIGTERM', stop).on('SIGINT', stop);
    if (process.send) {
      // Started by `coldgate serve`, which waits for this, and is not outlived.
      process.send({ event: 'listening', port: served.port });
      process.on('disconnect', () => stop());
    }
  } catch (error) {
    write(startFailure(error));
    process.exitCode = 2;
  }
}

function stopper(served: Served, flush: () => void): (signal?: NodeJS.Signals) => void {
  let stopping = false;
  // Each signal is taken once: a terminal and `coldgate serve` may both send one, and a second Ctrl-C ends at once.
  return function stop(signal) {
    if (signal) process.off(signal, stop);
    if (stopping) return;
    stopping = true;
    void served.close().then(() => {
      flush();
      process.exit(0);
    });
  };
}
