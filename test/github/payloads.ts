import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export const headSha = 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678';
const baseSha = '0123456789abcdef0123456789abcdef01234567';
const own = { id: 1, full_name: 'acme/models', default_branch: 'main', fork: false };

export interface PullRequestOptions {
  action: string;
  number?: number;
  headSha?: string;
  baseSha?: string;
  headRepository?: { id: number; full_name: string } | null;
  sender?: string;
  title?: string;
  branch?: string;
  labels?: string[];
}

/** A `pull_request` payload with every field that anyone could think of reading. */
export function pullRequest(options: PullRequestOptions): Record<string, unknown> {
  const { action, number = 12, title = 'A better model', branch = 'better', labels = [] } = options;
  const repo = options.headRepository === undefined ? own : options.headRepository;
  return {
    action,
    number,
    pull_request: {
      number,
      title,
      body: title,
      state: action === 'closed' ? 'closed' : 'open',
      labels: labels.map((name) => ({ name })),
      head: { ref: branch, label: `acme:${branch}`, sha: options.headSha ?? headSha, repo },
      base: { ref: 'main', sha: options.baseSha ?? baseSha, repo: own },
    },
    repository: own,
    sender: { login: options.sender ?? 'octocat' },
  };
}

export interface PushOptions {
  ref: string;
  before?: string;
  after?: string;
  deleted?: boolean;
}

export function push({
  ref,
  before = baseSha,
  after = headSha,
  deleted = false,
}: PushOptions): Record<string, unknown> {
  return { ref, before, after, deleted, created: false, forced: false, repository: own, sender: { login: 'octocat' } };
}

/** Writes a payload where a runner would, and answers the variables that name it. */
export function eventVariables(folder: string, name: string, payload: unknown): Record<string, string> {
  const path = join(folder, 'event.json');
  writeFileSync(path, JSON.stringify(payload));
  return { GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path };
}

interface Examples {
  name: string;
  examples: Record<string, unknown>[];
}

/** Payloads as GitHub documents them. */
export function documentedPayloads(): Examples[] {
  const path = createRequire(import.meta.url).resolve('@octokit/webhooks-examples/api.github.com/index.json');
  return JSON.parse(readFileSync(path, 'utf8'));
}
