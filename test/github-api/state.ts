/** What the server keeps of one repository. Everything in it may be read and written by a test. */

export interface StoredComment {
  id: number;
  pull: number;
  login: string;
  body: string;
  edits: number;
}

export interface StoredStatus {
  id: number;
  state: string;
  description: string;
  environment_url: string;
  log_url: string;
}

export interface StoredDeployment {
  id: number;
  ref: string;
  sha: string;
  task: string;
  environment: string;
  transient: boolean;
  production: boolean;
  description: string;
  /** Oldest first. */
  statuses: StoredStatus[];
}

export interface StoredCheck {
  id: number;
  name: string;
  head_sha: string;
  conclusion: string;
  details_url: string;
  title: string;
  summary: string;
  annotations: Record<string, unknown>[];
}

export interface StoredPull {
  number: number;
  head_sha: string;
  head_ref: string;
  state: 'open' | 'closed';
  /** From another repository, or from one that is gone (`null`). */
  fork?: boolean | null;
}

export class Repository {
  readonly id: number;
  readonly comments: StoredComment[] = [];
  readonly deployments: StoredDeployment[] = [];
  readonly checks: StoredCheck[] = [];
  readonly pulls: StoredPull[] = [];
  readonly environments = new Set<string>();
  /** Commits of refs that are no commits themselves; any other name stands for a made-up commit. */
  readonly refs = new Map<string, string>();

  constructor(id: number) {
    this.id = id;
  }
}

/** A call that is answered otherwise than by the state. */
export interface Fault {
  /** Part of `POST /repos/…/deployments`; every call unless given. */
  match?: string;
  status: number;
  message?: string;
  headers?: Record<string, string>;
  /** How often; once unless given. */
  times?: number;
  /** The call is carried out all the same: its answer got lost. */
  done?: boolean;
  /** Nothing is answered: the connection ends. */
  hangUp?: boolean;
  /** So long before it is answered, ms. */
  delayMs?: number;
}

/** How the server behaves; changed while it runs. */
export interface Behaviour {
  /** Permissions that the token lacks: `pull-requests: write`. The workflow's own token never has `administration`. */
  denied: string[];
  /** Answer 404 instead of 403: the repository is private and the token has no right at all. */
  hidden: boolean;
  faults: Fault[];
  /** Who the holder of a token is; the workflow's own one unless given. */
  logins: Record<string, string>;
  /** Most that one page holds, whatever is asked for; to have pages without hundreds of items. */
  maxPerPage: number;
}

export interface Call {
  method: string;
  /** Path with query. */
  url: string;
  route: string;
  status: number;
  body: unknown;
}

export class State {
  readonly repositories = new Map<string, Repository>();
  readonly calls: Call[] = [];
  /** What was not as described, of requests and of answers. */
  readonly violations: string[] = [];
  behaviour: Behaviour = {
    denied: ['administration: write'],
    hidden: false,
    faults: [],
    logins: {},
    maxPerPage: 100,
  };
  #last = 1000;

  /** Names are not case sensitive. */
  repository(owner: string, repo: string): Repository {
    const name = `${owner}/${repo}`.toLowerCase();
    const repository = this.repositories.get(name) ?? new Repository(this.repositories.size + 1);
    this.repositories.set(name, repository);
    return repository;
  }

  nextId(): number {
    this.#last += 1;
    return this.#last;
  }

  /** For another process. */
  toJSON(): unknown {
    const repositories = [...this.repositories].map(([name, r]) => [
      name,
      { ...r, environments: [...r.environments], refs: [...r.refs] },
    ]);
    return {
      repositories: Object.fromEntries(repositories),
      calls: this.calls,
      violations: this.violations,
      behaviour: this.behaviour,
    };
  }
}
