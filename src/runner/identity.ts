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

/** `owner/name` in the address of a remote on GitHub, whatever else, such as a token, the address has in it. */
const onGitHub =
  /^(?:https:\/\/(?:[^@/]*@)?github\.com\/|(?:ssh:\/\/)?git@github\.com[:/])([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/;

/** Repository and commit, from the runner's variables or from git in the folder; nothing where neither knows. */
export async function sourceOf(env: Env, cwd: string): Promise<Source> {
  const runUrl = runUrlOf(env);
  const run = runUrl ? { run_url: runUrl } : {};
  if (env['GITHUB_REPOSITORY'] && env['GITHUB_SHA']) {
    return { repository: env['GITHUB_REPOSITORY'], commit: env['GITHUB_SHA'], ...run };
  }
  const [commit, remote = ''] = await Promise.all([
    gitSays(['rev-parse', 'HEAD'], cwd),
    gitSays(['config', '--get', 'remote.origin.url'], cwd),
  ]);
  const repository = onGitHub.exec(remote)?.[1];
  return { ...(repository && { repository }), ...(commit && { commit }), ...run };
}

async function gitSays(args: string[], cwd: string): Promise<string | undefined> {
  try {
    return (await promisify(execFile)('git', args, { cwd, timeout: 5000 })).stdout.trim();
  } catch {
    return undefined;
  }
}
