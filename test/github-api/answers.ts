import type { Description } from './description.ts';
import type { Repository, State, StoredCheck, StoredComment, StoredDeployment, StoredPull } from './state.ts';

export type Json = Record<string, unknown>;

/** A call that was found to be as described. */
export interface Request {
  state: State;
  description: Description;
  repository: Repository;
  /** Where the API answers: links begin with it. */
  base: string;
  slug: string;
  login: string;
  path: Record<string, string>;
  query: URLSearchParams;
  body: Json;
}

export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export const refusal = (status: number, message: string): Reply => ({
  status,
  body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
});

export const notFound = (): Reply => refusal(404, 'Not Found');
export const invalid = (field: string): Reply => ({
  status: 422,
  body: {
    message: 'Validation Failed',
    documentation_url: 'https://docs.github.com/rest',
    errors: [{ resource: 'Deployment', field, code: 'invalid' }],
  },
});

/** One page of a list, with the links that GitHub gives. */
export function page(request: Request, path: string, items: unknown[]): Reply {
  const { query, state, base } = request;
  const size = Math.min(Number(query.get('per_page') ?? 30), state.behaviour.maxPerPage);
  const at = Number(query.get('page') ?? 1);
  const last = Math.ceil(items.length / size);
  const link = (to: number, rel: string): string => {
    const pageQuery = new URLSearchParams(query);
    pageQuery.set('page', String(to));
    return `<${base}${path}?${pageQuery}>; rel="${rel}"`;
  };
  const links = at < last ? [link(at + 1, 'next'), link(last, 'last')] : at > 1 ? [link(at - 1, 'prev')] : [];
  return {
    status: 200,
    body: items.slice((at - 1) * size, at * size),
    ...(links.length > 0 && { headers: { link: links.join(', ') } }),
  };
}

export function comment({ description, base, slug }: Request, { id, pull, login, body }: StoredComment): Json {
  const example = description.example<Json>('issue-comment');
  return {
    ...example,
    id,
    body,
    url: `${base}/repos/${slug}/issues/comments/${id}`,
    html_url: `https://github.com/${slug}/pull/${pull}#issuecomment-${id}`,
    issue_url: `${base}/repos/${slug}/issues/${pull}`,
    user: { ...(example['user'] as Json), login, type: login.endsWith('[bot]') ? 'Bot' : 'User' },
  };
}

export function deployment({ description, base, slug }: Request, stored: StoredDeployment): Json {
  const { id, ref, sha, task, environment, transient, production, description: words } = stored;
  return {
    ...description.example<Json>('deployment'),
    ...{ id, ref, sha, task, environment, original_environment: environment, payload: {}, description: words },
    url: `${base}/repos/${slug}/deployments/${id}`,
    statuses_url: `${base}/repos/${slug}/deployments/${id}/statuses`,
    transient_environment: transient,
    production_environment: production,
  };
}

export function status(
  { description }: Request,
  of: StoredDeployment,
  stored: StoredDeployment['statuses'][number],
): Json {
  return {
    ...description.example<Json>('deployment-status'),
    ...stored,
    environment: of.environment,
    target_url: stored.log_url,
  };
}

export function check({ description, base, slug }: Request, stored: StoredCheck): Json {
  const { id, name, head_sha, conclusion, details_url, title, summary, annotations } = stored;
  const url = `${base}/repos/${slug}/check-runs/${id}/annotations`;
  return {
    ...description.example<Json>('check-run'),
    ...{ id, name, head_sha, conclusion, details_url, status: 'completed' },
    output: { title, summary, text: null, annotations_count: annotations.length, annotations_url: url },
  };
}

export function pull(request: Request, { number, head_sha, head_ref, state, fork }: StoredPull): Json {
  const [example] = request.description.example<Json[]>('pull-request-simple-items');
  const base = example?.['base'] as { repo: Json };
  const repo = fork === null ? null : { ...base.repo, id: fork ? 999_999 : request.repository.id };
  const head = { ...(example?.['head'] as Json), sha: head_sha, ref: head_ref, repo };
  // The published example has teams of an older form.
  return {
    ...example,
    requested_teams: [],
    number,
    state,
    head,
    base: { ...base, repo: { ...base.repo, id: request.repository.id } },
  };
}
