import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { codeSpan } from '../../github/event-text.ts';
import type { Context } from '../verb.ts';

/** Why git gave no answer. `no` is an answer: what was asked for is not there. */
export type GitReason = 'no' | 'not-installed' | 'not-a-repository' | 'ownership' | 'time-out' | 'failed';

/** Git refused, or could not be run. The message is a clause in Markdown, with a remedy where there is one. */
export class GitNo extends Error {
  readonly reason: GitReason;
  /** Git's own error output. */
  readonly stderrLine: string;

  constructor(reason: GitReason, message: string, stderrLine = '') {
    super(message);
    this.reason = reason;
    this.stderrLine = stderrLine;
  }
}

/** Standard output of a call of git. Throws GitNo. */
export type Git = (...args: string[]) => Promise<string>;

/** What execFile throws: how the process ended, or why it did not begin. */
interface Ended {
  code?: number | string | null;
  killed?: boolean;
  stderr?: string;
  message: string;
}

/**
 * Git's own words decide; they are asked for in English. Ownership: git since 2.35.2 refuses a repository of another
 * user, which a checkout is for a job in a container that runs as another one.
 */
function explained(ended: Ended, folder: string, timeoutMs: number): GitNo {
  const { code, killed, stderr = '', message } = ended;
  if (code === 'ENOENT') {
    return new GitNo('not-installed', 'git is not installed here; install it before actions/checkout runs');
  }
  if (killed) return new GitNo('time-out', `git did not answer within ${timeoutMs / 1000} s`);
  if (/dubious ownership|^fatal: unsafe repository/m.test(stderr)) {
    const owned = /safe\.directory '?(\/[^'\n]*)'?/.exec(stderr)?.[1] ?? folder;
    const cure = codeSpan(`git config --global --add safe.directory ${owned}`);
    return new GitNo(
      'ownership',
      `the checkout belongs to another user and git refuses it; run ${cure} in a step before`,
    );
  }
  if (/not a git repository/i.test(stderr)) {
    return new GitNo(
      'not-a-repository',
      `${codeSpan(folder)} is not a git repository; check out with actions/checkout`,
    );
  }
  const reason = stderr.split('\n').find((line) => line.trim() !== '');
  if (code === 1 && reason === undefined) return new GitNo('no', 'git has no such thing');
  const words = (reason ?? message.split('\n')[0] ?? '').replace(/^fatal: /, '');
  return new GitNo('failed', `git failed: ${codeSpan(words)}`, words);
}

/**
 * Runs git in a folder: without a shell, without what a repository may configure to be run, and reading path names as they
 * are written.
 * @param timeoutMs of all calls together: git answers from the disk here, so more means that the disk or git hangs
 */
export function gitIn(folder: string, { env, signal }: Pick<Context, 'env' | 'signal'>, timeoutMs = 60_000): Git {
  const safe = ['--literal-pathspecs', '-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false'];
  const end = Date.now() + timeoutMs;
  const options = {
    cwd: folder,
    maxBuffer: 64 * 1024 * 1024,
    signal,
    env: { ...env, LC_ALL: 'C', LANGUAGE: '', GIT_TERMINAL_PROMPT: '0' },
  };
  return async (...args) => {
    try {
      return (
        await promisify(execFile)('git', [...safe, ...args], { ...options, timeout: Math.max(1, end - Date.now()) })
      ).stdout;
    } catch (error) {
      signal.throwIfAborted();
      throw explained(error as Ended, folder, timeoutMs);
    }
  };
}

/** Git's output, or undefined where git reports that there is none. Throws GitNo where git cannot be run. */
export async function unlessNo(answer: Promise<string>): Promise<string | undefined> {
  try {
    return (await answer).trim();
  } catch (error) {
    if (error instanceof GitNo && error.reason === 'no') return undefined;
    throw error;
  }
}

/** Lines that end with a zero byte, as `-z` writes names. */
export const names = (output: string): string[] => output.split('\0').filter((name) => name !== '');
