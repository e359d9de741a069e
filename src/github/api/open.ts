import type { Logger } from '../../log.ts';
import { Attempts, type Need } from './attempt.ts';
import { writeCheck } from './checks.ts';
import { openClient, type Pace } from './client.ts';
import { Comments } from './comments.ts';
import { Deployments } from './deployments.ts';
import type { Annotation, GitHubClient, RepositoryRef } from './github-client.ts';
import { listOpen } from './pull-requests.ts';

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
