import { type ChildProcess, spawn } from 'node:child_process';

let guard: ChildProcess | undefined;

/** Reads process ids, and kills the groups that are left of them once nobody writes any more. */
const script = `
/^\\+/ { left[substr($0, 2)] = 1 }
/^-/ { delete left[substr($0, 2)] }
END { for (id in left) system("kill -9 -" id " 2>/dev/null") }`;

/**
 * Instances are mostly stopped by a signal: were this process killed, they would stay for good. A process that outlives it
 * ends them.
 */
export function guarded(pid: number | undefined, isLeft: boolean): void {
  if (pid === undefined) return;
  if (!guard) {
    guard = spawn('awk', [script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    // Without awk there is no guard.
    guard.once('error', () => {});
    guard.stdin?.on('error', () => {});
    guard.unref();
    (guard.stdin as unknown as { unref?(): void } | null)?.unref?.();
  }
  guard.stdin?.write(`${isLeft ? '+' : '-'}${pid}\n`);
}
