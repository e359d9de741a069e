import { formatProblem, type Problem } from '../../src/errors.ts';
import type { GitHubClient, RepositoryRef } from '../../src/github/api/github-client.ts';
import { openGitHubClient } from '../../src/github/api/open.ts';
import { type Logger, silentLogger } from '../../src/log.ts';
import { type GitHubServer, startGitHub } from './server.ts';
import type { Fault, Repository } from './state.ts';

export const sha = 'a'.repeat(40);
export const token = 'ghs_0123456789abcdefSECRET';

/** A server and what a run says to it. */
export interface Bed extends GitHubServer {
  repository: Repository;
  /** All that was logged, warnings marked. */
  lines: string[];
  /** @param requestLimitMs longest time that a request may take */
  open(place?: Partial<RepositoryRef>, requestLimitMs?: number): GitHubClient;
  fail(...faults: Fault[]): void;
  /** Calls as `METHOD status route`, the repository left out; from the last look on. */
  called(): string[];
}

function recorder(lines: string[]): Logger {
  const warn = (message: string, problem?: Partial<Problem>): void => {
    lines.push(`warning: ${formatProblem({ path: '', message, ...problem })}`);
  };
  const say = (message: string): void => void lines.push(message);
  return { ...silentLogger, info: say, debug: say, warn };
}

/** Seconds of waiting pass in a millisecond; a server that is slow because the machine is busy is waited for. */
const hasty = { secondMs: 1, requestLimitMs: 60_000 };

export async function openBed(prefix?: string): Promise<Bed> {
  const server = await startGitHub(prefix ? { prefix } : {});
  const lines: string[] = [];
  const log = recorder(lines);
  const usual: RepositoryRef = {
    apiUrl: server.url,
    token,
    owner: 'octo-org',
    repo: 'models',
    sha,
    pull: 12,
    runUrl: 'https://github.com/octo-org/models/actions/runs/99',
  };
  let seen = 0;
  return {
    ...server,
    lines,
    repository: server.state.repository('octo-org', 'models'),
    open: (place = {}, requestLimitMs = hasty.requestLimitMs) =>
      openGitHubClient({ ...usual, ...place }, log, { ...hasty, requestLimitMs }),
    fail: (...faults) => void server.state.behaviour.faults.push(...faults),
    called: () => {
      const calls = server.state.calls.slice(seen);
      seen = server.state.calls.length;
      return calls.map(({ method, status, url }) => `${method} ${status} ${url.replace('/repos/octo-org/models', '')}`);
    },
  };
}
