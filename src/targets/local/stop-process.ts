import { UnprovenError } from '../../errors.ts';
import { pause } from '../../pause.ts';
import type { ProcessId } from './process-mark.ts';
import { isRunning, type MarkedProcess, type ProcessTable } from './process-table.ts';

/** What a process gets to finish requests in, ms, and what the system gets to take it away. */
const graceMs = 3000;
export const killMs = 5000;

/**
 * Stops a process that carries our mark, and waits until it is gone. Right before each signal it is looked up again, so
 * that a process id that was reused meanwhile is never signalled. Throws UnprovenError `process-not-stopped` when it is
 * still there after that.
 */
export async function stopProcess(table: ProcessTable, target: MarkedProcess): Promise<void> {
  for (const [signal, timeoutMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', killMs],
  ] as const) {
    const found = table.marked().find((p) => p.pid === target.pid && p.started === target.started);
    // Without its mark it is on its way out: a process that is ending has no environment any more.
    if (found && found.mark.tag === target.mark.tag) send(found.pid, signal);
    if (await isGone(table, target, timeoutMs)) return;
  }
  throw new UnprovenError('process-not-stopped', `Process ${target.pid} of an old revision does not end.`, {
    hint: `See what holds it (state D in ps means the system does), then stop it with: kill -9 ${target.pid}`,
    data: { pid: target.pid },
  });
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Waits until the process is gone, at most so many ms, and returns whether it is. Not ended by the run's own signal: what
 * has been begun here must be finished, or an orphan stays.
 */
export async function isGone(table: ProcessTable, id: ProcessId, timeoutMs: number): Promise<boolean> {
  for (const end = performance.now() + timeoutMs; performance.now() < end; ) {
    if (!isRunning(table, id)) return true;
    await pause(20, undefined);
  }
  return !isRunning(table, id);
}
