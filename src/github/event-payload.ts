import { InputError } from '../errors.ts';
import { shown } from './event-text.ts';

/** The fields of an event that a decision needs. Titles, labels, bodies and users are not read at all. */
export type GitHubEvent =
  | {
      kind: 'pull-request';
      action: string;
      number: number;
      headSha: string;
      baseSha: string;
      /** Name of the base branch, as it stands in the payload; undefined where it has none. */
      baseBranch: string | undefined;
      /** Why this run has no credentials; undefined where it has them. */
      untrusted: string | undefined;
    }
  | {
      kind: 'branch';
      branch: string;
      isDefault: boolean;
      before: string;
      deleted: boolean;
      /** The repository is a fork, whose runs have no secrets of the one that it was forked from. */
      ofFork: boolean;
    }
  | { kind: 'tag'; tag: string; deleted: boolean }
  | { kind: 'dispatch'; inputs: Readonly<Record<string, string>> }
  | { kind: 'schedule' }
  /** `baseSha` is what the queue merges onto. */
  | { kind: 'merge-group'; baseSha: string }
  /** `after` is the event of the workflow that has ended; undefined where the payload names none. */
  | { kind: 'workflow-run'; after: string | undefined }
  | { kind: 'other'; name: string };

type Json = Readonly<Record<string, unknown>>;

const record = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

const bad = (field: string, expected: string, got: unknown): InputError =>
  new InputError(
    [{ path: `event ${field}`, message: `expected ${expected}, got ${shown(JSON.stringify(got) ?? 'nothing')}.` }],
    {
      code: 'bad-event',
      hint: 'The payload of the event is not what GitHub sends; is GITHUB_EVENT_PATH the file of this event?',
    },
  );

/** A commit id: SHA-1 or SHA-256, hexadecimal. */
function commit(field: string, value: unknown): string {
  if (typeof value === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value)) return value;
  throw bad(field, 'a commit id', value);
}

function count(field: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  throw bad(field, 'a whole number above 0', value);
}

function word(field: string, value: unknown): string {
  if (typeof value === 'string' && /^[a-z](?:[a-z_]{0,38}[a-z])?$/.test(value)) return value;
  throw bad(field, 'a word', value);
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** A repository by id where both sides have one: names change, and their case does not matter. */
function isSameRepository(head: Json, base: Json): boolean {
  if (typeof head['id'] === 'number' && typeof base['id'] === 'number') return head['id'] === base['id'];
  const name = (of: Json) => (typeof of['full_name'] === 'string' ? of['full_name'].toLowerCase() : undefined);
  return name(head) !== undefined && name(head) === name(base);
}

/** GitHub gives neither secrets nor a writing token to runs for forks and for Dependabot. */
function untrustedBy(pull: Json, payload: Json): string | undefined {
  const headRepository = record(record(pull['head'])['repo']);
  const baseRepository = record(record(pull['base'])['repo']);
  const own = Object.keys(baseRepository).length > 0 ? baseRepository : record(payload['repository']);
  if (Object.keys(headRepository).length === 0) return 'its branch is in a repository that was deleted';
  if (!isSameRepository(headRepository, own)) return 'it comes from a fork';
  return record(payload['sender'])['login'] === 'dependabot[bot]' ? 'it comes from Dependabot' : undefined;
}

function pullRequest(payload: Json): GitHubEvent {
  const pull = record(payload['pull_request']);
  return {
    kind: 'pull-request',
    action: word('action', payload['action']),
    number: count('number', payload['number'] ?? pull['number']),
    headSha: commit('pull_request.head.sha', record(pull['head'])['sha']),
    baseSha: commit('pull_request.base.sha', record(pull['base'])['sha']),
    baseBranch: text(record(pull['base'])['ref']),
    untrusted: untrustedBy(pull, payload),
  };
}

function push(payload: Json): GitHubEvent {
  const ref = payload['ref'];
  const deleted = payload['deleted'] === true;
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/s.exec(typeof ref === 'string' ? ref : '') ?? [];
  if (name === undefined) throw bad('ref', 'refs/heads/… or refs/tags/…', ref);
  if (kind === 'tags') return { kind: 'tag', tag: name, deleted };
  const { default_branch: main, fork } = record(payload['repository']);
  const before = commit('before', payload['before']);
  return { kind: 'branch', branch: name, isDefault: main === name, before, deleted, ofFork: fork === true };
}

function mergeGroup(payload: Json): GitHubEvent {
  const { base_sha: base } = record(payload['merge_group']);
  return { kind: 'merge-group', baseSha: commit('merge_group.base_sha', base) };
}

const texts = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(record(value)).flatMap(([name, given]) =>
      ['string', 'boolean', 'number'].includes(typeof given) ? [[name, String(given)]] : [],
    ),
  );

/**
 * Reads an event. Everything in a payload is untrusted until it has passed here. Throws InputError `bad-event` naming
 * the field.
 * @param name GITHUB_EVENT_NAME
 * @param payload the parsed file at GITHUB_EVENT_PATH
 */
export function readEvent(name: string, payload: unknown): GitHubEvent {
  const fields = record(payload);
  if (name === 'pull_request') return pullRequest(fields);
  if (name === 'push') return push(fields);
  if (name === 'workflow_dispatch') return { kind: 'dispatch', inputs: texts(fields['inputs']) };
  if (name === 'schedule') return { kind: 'schedule' };
  if (name === 'merge_group') return mergeGroup(fields);
  if (name === 'workflow_run') return { kind: 'workflow-run', after: text(record(fields['workflow_run'])['event']) };
  return { kind: 'other', name };
}
