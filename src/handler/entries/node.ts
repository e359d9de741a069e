import { sinceStart } from '../clock.ts';
import { bufferLines } from '../line-buffer.ts';
import { startFailure, startNode } from '../node-main.ts';
import { isSessionThread } from '../session-thread.ts';
import { openWorkerSession } from '../worker-session.ts';

/** `node node.cjs --port N`: plain HTTP, for the local target and for containers. Loads new versions in itself, as a worker. */
async function main(initMs: number): Promise<void> {
  const { write, flush } = bufferLines((text) => process.stdout.write(text));
  // A reader of our log that goes away is no reason to stop answering.
  process.stdout.on('error', () => {});
  try {
    const openNext = openWorkerSession(import.meta.filename);
    const { argv, env } = process;
    const served = await startNode({ argv: argv.slice(2), variables: env, initMs, write, openNext });
    let stopping = false;
    // Each signal is taken once: a terminal and `coldgate serve` may both send one, and a second Ctrl-C ends at once.
    const stop = (signal?: NodeJS.Signals): void => {
      if (signal) process.off(signal, stop);
      if (stopping) return;
      stopping = true;
      void served.close().then(() => {
        flush();
        process.exit(0);
      });
    };
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

// No await here: this entry is built as CommonJS, which Node starts some 5 ms sooner.
if (!isSessionThread()) void main(sinceStart());
else void import('../session-worker.ts').then((worker) => worker.serveSession());
