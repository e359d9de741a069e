import type { OpenSession } from './session.ts';

/**
 * Opens sessions in a worker thread each, started from `entry`: creating a session and running it block their thread for
 * as long as the model takes, and requests served meanwhile must not wait for that. A run that takes longer than
 * `runTimeoutMs` loses the session: its thread is given up, since native code cannot be interrupted.
 */
export const openWorkerSession =
  (entry: string | URL): OpenSession =>
  async (...opening) => {
    // A start opens its session in its own thread, and needs nothing of this.
    const { openInWorker } = await import('./open-in-worker.ts');
    return openInWorker(entry, ...opening);
  };
