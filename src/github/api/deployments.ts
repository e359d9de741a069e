import { type Client, repeatable } from './client.ts';
import { createOnce } from './create-once.ts';
import { isAbsent } from './failure.ts';
import type { Deployment, DeploymentUpdate, RepositoryRef, StatusUpdate } from './github-client.ts';
import { perPage, readPages } from './pages.ts';

/** Distinguishes our deployments from those that GitHub creates for jobs with `environment:`. */
export const deploymentTask = 'deploy:coldgate';

/** GitHub refuses longer descriptions. */
const longestDescription = 140;

const cut = (text: string): string =>
  text.length > longestDescription ? `${text.slice(0, longestDescription - 1).replace(/[\ud800-\udbff]$/, '')}…` : text;

/** GitHub refuses what is no such address; a local preview has none. */
const webAddress = (url: string | undefined): string | undefined => (url && /^https?:\/\//.test(url) ? url : undefined);

/** The repository's record of deployments. */
export class Deployments {
  readonly #client: Client;
  readonly #place: RepositoryRef;
  readonly #where: { owner: string; repo: string };

  constructor(client: Client, place: RepositoryRef) {
    this.#client = client;
    this.#place = place;
    this.#where = { owner: place.owner, repo: place.repo };
  }

  async #list(query: { environment: string; task?: string; ref?: string }) {
    const { items } = await readPages((page) =>
      this.#client.request('GET /repos/{owner}/{repo}/deployments', {
        ...this.#where,
        ...query,
        per_page: perPage,
        page,
      }),
    );
    return items.sort((a, b) => (b.id < a.id ? -1 : 1));
  }

  /** The last status, newest first in GitHub's list; undefined where none was written. */
  async #state(id: Deployment['id']): Promise<string | undefined> {
    const { data } = await this.#client.request('GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
      ...this.#where,
      deployment_id: Number(id),
      per_page: 1,
    });
    return data[0]?.state;
  }

  async #active(query: { environment: string; task: string; ref: string }): Promise<Deployment['id'] | undefined> {
    const [newest] = await this.#list(query);
    return newest && (await this.#state(newest.id)) !== 'inactive' ? newest.id : undefined;
  }

  /** The one of an earlier attempt that still stands, or a new one. */
  async open(environment: string, update: DeploymentUpdate): Promise<Deployment> {
    const ref = update.ref ?? this.#place.sha;
    let reused = true;
    const id = await createOnce(
      () => this.#active({ environment, task: deploymentTask, ref }),
      async () => {
        reused = false;
        const { data } = await this.#client.request('POST /repos/{owner}/{repo}/deployments', {
          ...this.#where,
          ref,
          task: deploymentTask,
          environment,
          auto_merge: false,
          required_contexts: [],
          transient_environment: update.transient,
          production_environment: update.production,
          description: cut(update.description),
        });
        if (!('id' in data)) throw new Error('GitHub merged a branch where a deployment was asked for');
        return data.id;
      },
    );
    return { id, environment, reused };
  }

  async status(deployment: Deployment, update: StatusUpdate): Promise<boolean> {
    const environmentUrl = webAddress(update.environmentUrl);
    const logUrl = webAddress(update.logUrl ?? this.#place.runUrl);
    await this.#client.request('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
      ...this.#where,
      deployment_id: Number(deployment.id),
      state: update.state,
      description: cut(update.description ?? ''),
      ...(environmentUrl && { environment_url: environmentUrl }),
      ...(logUrl && { log_url: logUrl }),
      // Ours to decide: several pull requests may share an environment.
      auto_inactive: false,
      request: repeatable,
    });
    if (update.state === 'success') await this.#retire(deployment);
    return true;
  }

  /**
   * Retires our earlier ones, back to the first that was retired before: older ones were, too. Retires the deployment
   * itself if a later one has succeeded already, because this run was overtaken.
   */
  async #retire({ id, environment }: Deployment): Promise<void> {
    const all = await this.#list({ environment, task: deploymentTask });
    const end = (one: Deployment['id']): Promise<boolean> =>
      this.#inactivate({ id: one, environment, reused: true }, 'A newer deployment took its place.');
    for (const later of all.filter((d) => d.id > id)) {
      if ((await this.#state(later.id)) === 'success') return void (await end(id));
    }
    for (const earlier of all.filter((d) => d.id < id)) {
      if ((await this.#state(earlier.id)) === 'inactive') return;
      await end(earlier.id);
    }
  }

  async #inactivate(deployment: Deployment, description: string): Promise<boolean> {
    try {
      return await this.status(deployment, { state: 'inactive', description });
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  /** How many changed. */
  async deactivate(environment: string, description: string): Promise<number> {
    let changed = 0;
    for (const { id } of await this.#list({ environment })) {
      if ((await this.#state(id)) === 'inactive') continue;
      if (await this.#inactivate({ id, environment, reused: true }, description)) changed += 1;
    }
    return changed;
  }

  async removeEnvironment(environment: string): Promise<void> {
    await this.#client.request('DELETE /repos/{owner}/{repo}/environments/{environment_name}', {
      ...this.#where,
      environment_name: environment,
    });
  }
}
