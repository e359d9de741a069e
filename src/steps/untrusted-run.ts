import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readEvent } from '../github/event-payload.ts';
import type { Context } from './verb.ts';

/**
 * Whether this run works on untrusted code: a pull request from a fork, from Dependabot, or from a deleted repository.
 * One whose payload cannot be read is untrusted too; the reader of the event refuses it.
 */
export function isUntrustedRun({ env, cwd }: Pick<Context, 'env' | 'cwd'>): boolean {
  const { GITHUB_EVENT_NAME: name = '', GITHUB_EVENT_PATH: path } = env;
  if (!name.startsWith('pull_request') || !path) return false;
  try {
    const event = readEvent('pull_request', JSON.parse(readFileSync(resolve(cwd, path), 'utf8')));
    return event.kind === 'pull-request' && event.untrusted !== undefined;
  } catch {
    return true;
  }
}
