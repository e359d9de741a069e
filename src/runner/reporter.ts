import { openGitHubClient } from '../github/api/open.ts';
import type { EventPlan } from '../github/event-plan.ts';
import { markdownText } from '../github/event-text.ts';
import { GitHubReporter } from '../github/reporter.ts';
import type { Logger } from '../log.ts';
import { runUrlOf } from './identity.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface Reporting {
  reporter: GitHubReporter;
  /** Failed reports, in Markdown with the lines of YAML that help; empty if all succeeded. */
  warnings(): string;
}

/**
 * The run's client on GitHub. Undefined where it has none: a fork's run, no token, or a server whose address is not
 * known.
 */
export function openReporter(
  env: Env,
  token: string,
  plan: EventPlan,
  config: string,
  log: Logger,
): Reporting | undefined {
  const [owner, repo] = (env['GITHUB_REPOSITORY'] ?? '').split('/');
  const { GITHUB_API_URL: apiUrl, GITHUB_SHA } = env;
  if (plan.untrusted || token === '' || !apiUrl || !owner || !repo) return undefined;
  const sha = plan.pullRequest?.sha ?? GITHUB_SHA ?? '';
  const runUrl = runUrlOf(env);
  // Without the run's signal: a cancelled run still reports its end.
  const place = { apiUrl, token, owner, repo, sha, pull: plan.pullRequest?.number, runUrl };
  const client = openGitHubClient(place, log);
  const ref = env['GITHUB_REF_TYPE'] === 'tag' ? env['GITHUB_REF_NAME'] : undefined;
  return {
    reporter: new GitHubReporter(client, plan, { sha, runUrl, config, ref }),
    warnings: () =>
      client.warnings
        .map(({ message, yaml }) => {
          const lines = yaml ? `\n\n\`\`\`yaml\n${yaml.trimEnd()}\n\`\`\`` : '';
          return `> [!WARNING]\n> ${markdownText(message)}${lines}`;
        })
        .join('\n\n'),
  };
}
