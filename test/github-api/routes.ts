import { createHash } from 'node:crypto';
import {
  check,
  comment,
  deployment,
  invalid,
  type Json,
  notFound,
  page,
  pull,
  type Reply,
  type Request,
  refusal,
  status,
} from './answers.ts';
import type { Repository, StoredCheck, StoredComment, StoredDeployment } from './state.ts';

export interface Route {
  /** What the token must have, as in `permissions:`. */
  needs: string;
  answer(request: Request): Reply;
}

/** A commit for a name, the same for the same name. */
const commitOf = (repository: Repository, ref: string): string =>
  /^[0-9a-f]{40}$/.test(ref) ? ref : (repository.refs.get(ref) ?? createHash('sha1').update(ref).digest('hex'));

function createDeployment(request: Request): Reply {
  const { repository, body, state } = request;
  if (body['auto_merge'] !== false || !Array.isArray(body['required_contexts'])) {
    return refusal(409, 'Conflict: Commit status checks failed for the ref, or it is behind the default branch.');
  }
  if (String(body['description'] ?? '').length > 140) return invalid('description');
  const environment = String(body['environment'] ?? 'production');
  const ref = String(body['ref']);
  const stored: StoredDeployment = {
    id: state.nextId(),
    ...{ ref, environment, sha: commitOf(repository, ref), task: String(body['task'] ?? 'deploy') },
    transient: body['transient_environment'] === true,
    production: Boolean(body['production_environment'] ?? environment === 'production'),
    description: String(body['description'] ?? ''),
    statuses: [],
  };
  repository.deployments.push(stored);
  repository.environments.add(environment);
  return { status: 201, body: deployment(request, stored) };
}

function listDeployments(request: Request): Reply {
  const { repository, query, slug } = request;
  const fits = (name: 'environment' | 'task' | 'ref' | 'sha', d: StoredDeployment): boolean =>
    (query.get(name) ?? d[name]) === d[name];
  const found = repository.deployments
    .filter((d) => (['environment', 'task', 'ref', 'sha'] as const).every((name) => fits(name, d)))
    .reverse();
  return page(
    request,
    `/repos/${slug}/deployments`,
    found.map((d) => deployment(request, d)),
  );
}

function createStatus(request: Request): Reply {
  const { repository, path, body, state } = request;
  const of = repository.deployments.find((d) => d.id === Number(path['deployment_id']));
  if (!of) return notFound();
  if (String(body['description'] ?? '').length > 140) return invalid('description');
  const text = (name: string): string => String(body[name] ?? '');
  const fields = {
    description: text('description'),
    environment_url: text('environment_url'),
    log_url: text('log_url'),
  };
  const stored = { id: state.nextId(), state: text('state'), ...fields };
  of.statuses.push(stored);
  if (stored.state === 'success' && body['auto_inactive'] !== false) {
    const others = repository.deployments.filter((d) => d.id < of.id && d.environment === of.environment);
    for (const d of others.filter((other) => !other.transient && !other.production)) {
      d.statuses.push({ ...stored, id: state.nextId(), state: 'inactive' });
    }
  }
  return { status: 201, body: status(request, of, stored) };
}

function listStatuses(request: Request): Reply {
  const { repository, path, slug } = request;
  const of = repository.deployments.find((d) => d.id === Number(path['deployment_id']));
  if (!of) return notFound();
  const items = [...of.statuses].reverse().map((s) => status(request, of, s));
  return page(request, `/repos/${slug}/deployments/${of.id}/statuses`, items);
}

const commentOf = ({ repository, path }: Request): StoredComment | undefined =>
  repository.comments.find((c) => c.id === Number(path['comment_id']));

function createComment(request: Request): Reply {
  const { repository, path, body, state, login } = request;
  const text = String(body['body']);
  if (text.length > 65_536) return invalid('body');
  const stored = { id: state.nextId(), pull: Number(path['issue_number']), login, body: text, edits: 0 };
  repository.comments.push(stored);
  return { status: 201, body: comment(request, stored) };
}

function editComment(request: Request): Reply {
  const stored = commentOf(request);
  if (!stored) return notFound();
  if (String(request.body['body']).length > 65_536) return invalid('body');
  stored.body = String(request.body['body']);
  stored.edits += 1;
  return { status: 200, body: comment(request, stored) };
}

function removeComment(request: Request): Reply {
  const stored = commentOf(request);
  if (!stored) return notFound();
  request.repository.comments.splice(request.repository.comments.indexOf(stored), 1);
  return { status: 204 };
}

interface CheckOutput {
  title: string;
  summary: string;
  annotations?: Json[];
}

function createCheck(request: Request): Reply {
  const { repository, body, state } = request;
  const { annotations = [], ...output } = body['output'] as CheckOutput;
  const text = (name: string): string => String(body[name] ?? '');
  const stored: StoredCheck = {
    id: state.nextId(),
    ...{ name: text('name'), head_sha: text('head_sha'), conclusion: text('conclusion') },
    details_url: text('details_url') || 'https://github.com/apps/github-actions',
    title: output.title,
    summary: output.summary,
    annotations: [...annotations],
  };
  repository.checks.push(stored);
  return { status: 201, body: check(request, stored) };
}

/** GitHub adds annotations to those that are there. */
function updateCheck(request: Request): Reply {
  const stored = request.repository.checks.find((c) => c.id === Number(request.path['check_run_id']));
  if (!stored) return notFound();
  stored.annotations.push(...((request.body['output'] as CheckOutput | undefined)?.annotations ?? []));
  return { status: 200, body: check(request, stored) };
}

function removeEnvironment({ repository, path }: Request): Reply {
  return repository.environments.delete(path['environment_name'] ?? '') ? { status: 204 } : notFound();
}

/** What this server does; all else of the description it refuses. */
export const routes: Record<string, Route> = {
  'GET /repos/{owner}/{repo}/deployments': { needs: 'deployments: read', answer: listDeployments },
  'POST /repos/{owner}/{repo}/deployments': { needs: 'deployments: write', answer: createDeployment },
  'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': {
    needs: 'deployments: read',
    answer: listStatuses,
  },
  'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': {
    needs: 'deployments: write',
    answer: createStatus,
  },
  'DELETE /repos/{owner}/{repo}/environments/{environment_name}': {
    needs: 'administration: write',
    answer: removeEnvironment,
  },
  'GET /repos/{owner}/{repo}/issues/{issue_number}/comments': {
    needs: 'pull-requests: read',
    answer: (request) => {
      const { repository, path, slug } = request;
      const items = repository.comments.filter((c) => c.pull === Number(path['issue_number']));
      const shown = items.map((c) => comment(request, c));
      return page(request, `/repos/${slug}/issues/${path['issue_number']}/comments`, shown);
    },
  },
  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments': { needs: 'pull-requests: write', answer: createComment },
  'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}': { needs: 'pull-requests: write', answer: editComment },
  'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}': { needs: 'pull-requests: write', answer: removeComment },
  'POST /repos/{owner}/{repo}/check-runs': { needs: 'checks: write', answer: createCheck },
  'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}': { needs: 'checks: write', answer: updateCheck },
  'GET /repos/{owner}/{repo}/pulls': {
    needs: 'pull-requests: read',
    answer: (request) => {
      const { repository, query, slug } = request;
      const wanted = query.get('state') ?? 'open';
      const items = repository.pulls.filter((p) => wanted === 'all' || p.state === wanted);
      return page(
        request,
        `/repos/${slug}/pulls`,
        items.map((p) => pull(request, p)),
      );
    },
  },
};
