import { readFileSync } from 'node:fs';
import { readEvent } from '../github/event-payload.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Whether this run works on what anybody may have written: a pull request from a fork, from Dependabot, or from a
 * repository that is gone. One whose payload cannot be read is untrusted, too.
 */
export function isUntrustedRun(env: Env): boolean {
  const { GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path } = env;
  if (name !== 'pull_request' && name !== 'pull_request_target') return false;
  try {
    const event = readEvent('pull_request', JSON.parse(readFileSync(path ?? '', 'utf8')));
    return event.kind === 'pull-request' && event.untrusted !== undefined;
  } catch {
    return true;
  }
}
