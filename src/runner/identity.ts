import { execFile } from 'node:child_process';
import { hostname, userInfo } from 'node:os';
import { promisify } from 'node:util';
import type { Source } from '../model/manifest.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Address of the workflow run, where there is one. */
export function runUrlOf(env: Env): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  return server && repository && run ? `${server}/${repository}/actions/runs/${run}` : undefined;
}

/** Who works: the GitHub actor on a runner, `user@host` elsewhere. */
export function actorOf(env: Env): string {
  if (env['GITHUB_ACTOR']) return env['GITHUB_ACTOR'];
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container may run as a user that has no name.
    return `uid-${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}

/** Repository and commit, from the runner's variables or from git in the folder; nothing where neither knows. */
export async function sourceOf(env: Env, cwd: string): Promise<Source> {
  const runUrl = runUrlOf(env);
  const run = runUrl ? { run_url: runUrl } : {};
  if (env['GITHUB_REPOSITORY'] && env['GITHUB_SHA']) {
    return { repository: env['GITHUB_REPOSITORY'], commit: env['GITHUB_SHA'], ...run };
  }
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd, timeout: 5000 });
    return { commit: stdout.trim(), ...run };
  } catch {
    return run;
  }
}
