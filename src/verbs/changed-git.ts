import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Output of git, or nothing where it says no: no repository, no such commit, not installed, somebody else's folder. */
export type Git = (...args: string[]) => Promise<string | undefined>;

/**
 * Runs git in a folder: without a shell, without what a repository may configure to be run, and reading path names as they
 * are written.
 * @param timeoutMs of one call
 */
export function gitIn(folder: string, signal: AbortSignal, timeoutMs = 60_000): Git {
  const safe = ['--literal-pathspecs', '-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false'];
  return async (...args) => {
    try {
      const options = { cwd: folder, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024, signal };
      return (await promisify(execFile)('git', [...safe, ...args], options)).stdout;
    } catch {
      // A refusal of git's is an answer: the caller knows a way without it.
      signal.throwIfAborted();
      return undefined;
    }
  };
}

/** Lines that end with a zero byte, as `-z` writes names. */
export const names = (output: string): string[] => output.split('\0').filter((name) => name !== '');
