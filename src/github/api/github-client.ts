import type { Problem } from '../../errors.ts';

/** Where a run talks to GitHub, and as of which commit. */
export interface RepositoryRef {
  /** `GITHUB_API_URL`: `https://api.github.com`, or `https://<host>/api/v3` of an own server. */
  apiUrl: string;
  /** The workflow's token, or one of an app or a person. Stands in no message. */
  token: string;
  owner: string;
  repo: string;
  /** Commit that deployments and checks are about: the head of the pull request, not its merge commit. */
  sha: string;
  /** Number of the pull request that comments go to; without it there are no comments. */
  pull?: number | undefined;
  /** Page of the run, for log links. */
  runUrl: string | undefined;
  /** Aborts waits and requests; pending reports are then dropped. */
  signal?: AbortSignal | undefined;
}

export interface DeploymentUpdate {
  /** Branch, tag or commit; the place's commit unless given. */
  ref?: string | undefined;
  /** Will be gone one day: a pull request's preview. */
  transient: boolean;
  /** Users are served by it. */
  production: boolean;
  /** At most 140 characters are sent (GitHub's limit). */
  description: string;
}

/** A record in the repository's list of deployments. */
export interface Deployment {
  id: number | bigint;
  environment: string;
  /** Whether it stood there already, of an earlier attempt for the same commit. */
  reused: boolean;
}

/** GitHub's states; `queued` and `pending` are of no use here, a run reports when it has begun. */
export type DeploymentState = 'in_progress' | 'success' | 'failure' | 'error' | 'inactive';

export interface StatusUpdate {
  state: DeploymentState;
  /** At most 140 characters are sent (GitHub's limit). */
  description?: string | undefined;
  /** Where the environment answers; the link behind "View deployment". http or https. */
  environmentUrl?: string | undefined;
  /** The run's page unless given. */
  logUrl?: string | undefined;
}

/** A note on a line of a file, or on the run where there is none. */
export interface Annotation {
  level: 'notice' | 'warning' | 'failure';
  title: string;
  message: string;
  /** Path inside the repository. */
  file?: string | undefined;
  /** 1-based. */
  line?: number | undefined;
}

export interface CheckUpdate {
  /** Name in the pull request's list of checks. */
  name: string;
  conclusion: 'success' | 'failure' | 'neutral' | 'skipped';
  title: string;
  /** Markdown; cut at GitHub's limit of 65,535 characters. */
  summary: string;
  annotations: readonly Annotation[];
}

export interface OpenPullRequest {
  number: number;
  headSha: string;
  /** Name of the branch; untrusted text. */
  headRef: string;
  /** It comes from another repository, or from one that is gone. */
  fork: boolean;
}

/**
 * A run's reports on GitHub. No method throws: a missing permission, a server that is down or a limit that is used up
 * becomes one warning, with the lines of YAML to add where those help, and the method returns `undefined`, `false` or
 * 0. Every call is safe to repeat and to run beside another run's.
 */
export interface GitHubClient {
  /**
   * The environment's deployment for this commit: the one of an earlier attempt, or a new one. `deployments: write`.
   * Asks for no merge and no checks. The result may be handed to `status` as it is, also where there is none.
   */
  deployment(environment: string, update: DeploymentUpdate): Promise<Deployment | undefined>;
  /**
   * Adds a status. After `success`, our earlier deployments in the environment become inactive: GitHub itself does not
   * do that for transient and production environments. One that a later deployment has overtaken becomes inactive
   * itself. False where it was not written.
   */
  status(deployment: Deployment | undefined, update: StatusUpdate): Promise<boolean>;
  /**
   * Marks every deployment of the environment inactive; returns how many changed. With `remove` the environment itself
   * is deleted as well, which the workflow's own token cannot do: it takes a token with `administration: write`.
   */
  deactivate(environment: string, options?: { description?: string; remove?: boolean }): Promise<number>;
  /**
   * Our one comment on the pull request: found by the hidden marker (a short name like `preview`), edited in place,
   * created where there is none; duplicates are merged. Comments of others are never changed, and what a later run
   * wrote stays. `pull-requests: write`. Returns the comment's URL.
   */
  stickyComment(marker: string, markdown: string): Promise<{ url: string; edited: boolean } | undefined>;
  /** Takes the comment away again, if it is there; returns how many were. */
  removeComment(marker: string): Promise<number>;
  /**
   * A finished check on the commit with its annotations (`checks: write`); GitHub shows the newest of a name.
   * Without that permission the annotations go to the log, where GitHub shows ten of a kind; false is answered.
   */
  check(update: CheckUpdate): Promise<boolean>;
  /**
   * All open pull requests; `undefined` where they cannot be known for certain, which is not the same as none.
   * `pull-requests: read`.
   */
  openPullRequests(): Promise<OpenPullRequest[] | undefined>;
  /** What was warned of so far, once each: for the summary, which outlives the log. */
  readonly warnings: readonly GitHubWarning[];
}

export interface GitHubWarning extends Pick<Problem, 'message' | 'hint'> {
  /** `github-permission`: YAML helps. `github-api`: it does not. */
  code: 'github-permission' | 'github-api';
  /** Lines to add to the job, where a permission is missing. */
  yaml?: string | undefined;
}
