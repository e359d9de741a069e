import { spawn } from 'node:child_process';
import type { ProcessResult } from './runner.ts';

export interface WatchedOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Gets all that was written to standard error, whenever there is more, and may kill the process. */
  onOutput?: ((stderr: string, kill: () => void) => void) | undefined;
  /** Gets what kills the process. */
  begun?: (kill: () => void) => void;
}

/** Runs Node on a script that may be killed while it runs; its exit code is null then. */
export function runWatched(
  args: string[],
  { cwd, env, onOutput = () => {}, begun = () => {} }: WatchedOptions,
): Promise<ProcessResult> {
  const child = spawn(process.execPath, args, { cwd, env });
  const kill = (): void => void child.kill('SIGKILL');
  begun(kill);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    onOutput(stderr, kill);
  });
  return new Promise((resolve) => child.on('close', (exit) => resolve({ exit, stdout, stderr })));
}
