import type { Logger } from '../../log.ts';
import { Attempts, type Need } from './attempt.ts';
import { writeCheck } from './checks.ts';
import { type Client, openClient, type Pace } from './client.ts';
import { Comments } from './comments.ts';
import { Deployments } from './deployments.ts';
import type { Annotation, GitHubClient, OpenPullRequest, RepositoryRef } from './github-client.ts';
import { perPage, readPages } from './pages.ts';

/** All that are open; undefined where the list is longer than is read, because a part would be taken for the whole. */
async function listOpen(client: Client, { owner, repo }: RepositoryRef): Promise<OpenPullRequest[] | undefined> {
  const { items, complete } = await readPages((page) =>
    client.request('GET /repos/{owner}/{repo}/pulls', { owner, repo, state: 'open', per_page: perPage, page }),
  );
  if (!complete) return undefined;
  return items.map(({ number, head, base }) => ({
    number,
    headSha: head.sha,
    headRef: head.ref,
    // GitHub answers null for a repository that is gone, against its own description.
    fork: (head.repo as { id: number } | null)?.id !== base.repo.id,
  }));
}

const needs = {
  deployments: { permission: 'deployments: write', action: 'record deployments' },
  environments: { permission: 'administration: write', action: 'delete environments', grantable: false },
  checks: { permission: 'checks: write', action: 'write checks' },
  pulls: { permission: 'pull-requests: read', action: 'list pull requests' },
} satisfies Record<string, Need>;

/** Where there is no check, the log: GitHub makes annotations of its warnings. */
function sayInLog(log: Logger, annotations: readonly Annotation[]): void {
  for (const { level, title, message, file, line } of annotations) {
    const text = `${title}: ${message}`;
    if (level === 'notice') log.info(text);
    else log.warn(text, { file, line });
  }
}

/** Opens the conversation of a run; nothing is sent yet. */
export function openGitHubClient(place: RepositoryRef, log: Logger, pace?: Pace): GitHubClient {
  const client = openClient(place, log, pace);
  const attempts = new Attempts(place, log);
  const deployments = new Deployments(client, place);
  const comments = place.pull === undefined ? undefined : new Comments(client, place, place.pull);
  const commenting: Need = {
    permission: 'pull-requests: write',
    action: `comment on pull request ${place.pull}`,
  };
  return {
    warnings: attempts.warnings,
    deployment: (environment, update) =>
      attempts.make(needs.deployments, undefined, () => deployments.open(environment, update)),
    status: async (deployment, update) =>
      deployment ? attempts.make(needs.deployments, false, () => deployments.status(deployment, update)) : false,
    deactivate: async (environment, { description = 'Removed.', remove = false } = {}) => {
      const changed = await attempts.make(needs.deployments, 0, () => deployments.deactivate(environment, description));
      if (remove) {
        await attempts.make(needs.environments, undefined, () => deployments.removeEnvironment(environment));
      }
      return changed;
    },
    stickyComment: async (marker, markdown) =>
      comments && attempts.make(commenting, undefined, () => comments.stick(marker, markdown)),
    removeComment: async (marker) => (comments ? attempts.make(commenting, 0, () => comments.remove(marker)) : 0),
    check: async (update) => {
      const written = await attempts.make(needs.checks, false, () => writeCheck(client, place, update), true);
      if (!written) sayInLog(log, update.annotations);
      return written;
    },
    openPullRequests: () => attempts.make(needs.pulls, undefined, () => listOpen(client, place)),
  };
}
