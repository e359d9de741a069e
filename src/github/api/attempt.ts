import type { Logger } from '../../log.ts';
import { isApiError, lacksPermission, wordsOf } from './failure.ts';
import type { GitHubWarning, RepositoryRef } from './github-client.ts';

/** The permission that a call needs, and the message when it is missing. */
export interface Need {
  /** As in `permissions:` of a job: `pull-requests: write`. */
  permission: string;
  /** Completes "this token may not": `comment on pull request 12`. */
  action: string;
  /** False where the workflow's own token can never have it. */
  grantable?: boolean;
}

/** The lines that grant it. */
export const permissionYaml = (permission: string): string => `permissions:\n  ${permission}`;

function missing(need: Need, words: string): GitHubWarning {
  const message = `GitHub does not let this token ${need.action} (${words}). The run continues without.`;
  if (need.grantable === false) {
    const hint = `Only a token with ${need.permission} can; the workflow's own token never has it.`;
    return { code: 'github-permission', message, hint };
  }
  const yaml = permissionYaml(need.permission);
  const hint = `Add this line to the job's permissions, beside those that are there:\n${yaml}`;
  return { code: 'github-permission', message, hint, yaml };
}

function failed(need: Need, words: string, status: number): GitHubWarning {
  const message = `Could not ${need.action} (${words}). The run continues without.`;
  const hint =
    status === 401
      ? 'The token is not valid, or no longer: give the input github-token, or leave it at its default.'
      : 'Nothing else is affected; the next run tries again.';
  return { code: 'github-api', message, hint };
}

/** Calls whose failure the run survives. */
export class Attempts {
  readonly warnings: GitHubWarning[] = [];
  readonly #denied = new Set<string>();
  readonly #token: string;
  readonly #log: Logger;
  readonly #signal: AbortSignal | undefined;

  constructor({ token, signal }: Pick<RepositoryRef, 'token' | 'signal'>, log: Logger) {
    this.#token = token;
    this.#signal = signal;
    this.#log = log;
  }

  /** A permission that was refused once is not asked for again in this run. */
  denied(permission: string): boolean {
    return this.#denied.has(permission);
  }

  /**
   * Returns the work's result, or `otherwise` with one warning. Throws only errors that are no response of GitHub: our
   * own faults.
   * @param quiet only logs the failure: the caller has an alternative
   */
  async make<T>(need: Need, otherwise: T, work: () => Promise<T>, quiet = false): Promise<T> {
    if (this.denied(need.permission)) return otherwise;
    try {
      return await work();
    } catch (error) {
      if (this.#signal?.aborted) return otherwise;
      if (!isApiError(error)) throw error;
      const words = wordsOf(error, this.#token);
      const lacks = lacksPermission(error);
      if (lacks) this.#denied.add(need.permission);
      this.#say(lacks ? missing(need, words) : failed(need, words, error.status), quiet);
      return otherwise;
    }
  }

  #say(warning: GitHubWarning, quiet: boolean): void {
    if (quiet) {
      this.#log.info([warning.message, warning.hint].join(' '));
      return;
    }
    if (this.warnings.some(({ message }) => message === warning.message)) return;
    this.warnings.push(warning);
    this.#log.warn(warning.message, { hint: warning.hint });
  }
}
