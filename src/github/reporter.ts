import type { ColdgateError } from '../errors.ts';
import type { Deployment, GitHubClient, StatusUpdate } from './api/github-client.ts';
import type { ModelPreview } from './comment/preview.ts';
import { renderClosed, renderComment } from './comment/render.ts';
import { factsOf, objection, previewOf } from './event-models.ts';
import type { EventPlan } from './event-plan.ts';

/** What became of a step. */
export interface StepOutcome {
  verb: string;
  /** Of the verb's result; undefined where it threw. */
  document: Readonly<Record<string, unknown>> | undefined;
  error: ColdgateError | undefined;
}

export interface ReporterContext {
  sha: string;
  runUrl: string | undefined;
  /** Path of models.yaml in the repository, for annotations. */
  config: string;
  /** Tag, branch or commit that a release is recorded for. */
  ref: string | undefined;
}

/** Verbs after which users are served by something else. */
const serving = ['ship', 'release', 'promote', 'rollback'];

const marker = 'preview';

/** The name of a preview's environment in the repository's list: that of its function. */
const environmentOf = (model: string, pullRequest: number): string => `${model}-pr-${pullRequest}`;

/**
 * Reports the steps of a run's plan on GitHub: deployments with their states, the comment, the check. Reports nothing
 * for the run of a fork, which has no permission. Never throws: the client turns failures into warnings.
 */
export class GitHubReporter {
  readonly #client: GitHubClient;
  readonly #plan: EventPlan;
  readonly #place: ReporterContext;
  readonly #deployments = new Map<string, Deployment | undefined>();

  constructor(client: GitHubClient, plan: EventPlan, place: ReporterContext) {
    this.#client = client;
    this.#plan = plan;
    this.#place = place;
  }

  /** Inputs of a step that only GitHub knows: which pull requests are open. */
  async inputsFor(verb: string): Promise<Record<string, string>> {
    if (verb !== 'sweep') return {};
    const open = await this.#client.openPullRequests();
    return open ? { open: open.map((pull) => pull.number).join(',') || 'none' } : {};
  }

  /** Before the step: sets its deployments and the comment to "in progress". */
  async begin(verb: string): Promise<void> {
    const { pullRequest, models = [], environment } = this.#plan;
    if (verb === 'preview' && pullRequest) {
      for (const { model } of models) await this.#open(environmentOf(model, pullRequest.number), true);
      const running = models.map(
        ({ model, version }): ModelPreview => ({
          name: model,
          version,
          state: { kind: 'running', doing: 'Measuring.' },
        }),
      );
      if (running.length > 0) await this.#comment(running);
    } else if (serving.includes(verb) && environment) await this.#open(environment, false);
  }

  /** After the step, whatever became of it. */
  async end(outcome: StepOutcome): Promise<void> {
    const { verb } = outcome;
    if (verb === 'preview') await this.#endPreview(outcome);
    else if (verb === 'destroy') await this.#endDestroy(outcome);
    else if (verb === 'sweep') await this.#endSweep(outcome);
    else if (serving.includes(verb)) await this.#endServing(outcome);
  }

  async #open(environment: string, transient: boolean): Promise<void> {
    const production = environment === 'production';
    const description = transient ? 'Preview of a model' : 'Models';
    const { ref } = this.#place;
    const update = { transient, production, description, ...(!transient && ref && { ref }) };
    const deployment = await this.#client.deployment(environment, update);
    this.#deployments.set(environment, deployment);
    await this.#client.status(deployment, { state: 'in_progress', description: 'Publishing and measuring.' });
  }

  #status(environment: string, update: StatusUpdate): Promise<boolean> {
    return this.#client.status(this.#deployments.get(environment), update);
  }

  async #comment(models: readonly ModelPreview[]): Promise<void> {
    const { sha, runUrl } = this.#place;
    const { warnings } = this.#client;
    // Jobs of a matrix preview one model each: a comment each, or they would write over one another.
    const own = this.#plan.models === undefined && models.length === 1 ? `${marker}-${models[0]?.name}` : marker;
    await this.#client.stickyComment(own, renderComment({ sha, runUrl, models, warnings }));
  }

  /** The models of the result; where the verb threw, those of the plan with what it threw. */
  #previews({ document, error }: StepOutcome): ModelPreview[] {
    if (document) return factsOf(document).map(previewOf);
    const { code = 'unexpected', message = 'It did not end.', hint } = error ?? {};
    const state = { kind: 'failed', code, message, hint } as const;
    return (this.#plan.models ?? []).map(({ model: name, version }) => ({ name, version, state }));
  }

  async #endPreview(outcome: StepOutcome): Promise<void> {
    const { pullRequest } = this.#plan;
    if (!pullRequest) return;
    const models = this.#previews(outcome);
    for (const model of models) {
      const environment = environmentOf(model.name, pullRequest.number);
      if (!this.#deployments.has(environment)) await this.#open(environment, true);
      const why = objection(model);
      // A preview that loads slower is up all the same, for users to find out why.
      const state = model.url ? 'success' : model.state.kind === 'failed' ? 'error' : 'failure';
      const description = why ? `${why.title}: ${why.message}` : 'No slower than what is live.';
      await this.#status(environment, { state, description, ...(model.url && { environmentUrl: model.url }) });
    }
    await this.#comment(models);
    await this.#check(models);
  }

  async #check(models: readonly ModelPreview[]): Promise<void> {
    const { sha, runUrl, config } = this.#place;
    const annotations = models.flatMap((model) => {
      const why = objection(model);
      if (!why) return [];
      return [{ level: 'failure' as const, title: `${model.name}: ${why.title}`, message: why.message, file: config }];
    });
    const conclusion = annotations.length > 0 ? 'failure' : 'success';
    const title = annotations[0]?.title ?? `${models.length} of ${models.length} previews load no slower`;
    const summary = renderComment({ sha, runUrl, models });
    await this.#client.check({ name: 'Coldgate preview', conclusion, title, summary, annotations });
  }

  async #endDestroy({ document, error }: StepOutcome): Promise<void> {
    const { pullRequest } = this.#plan;
    if (!pullRequest || error || !document) return;
    let changed = 0;
    // What existed is in the result; models.yaml may not name it any more.
    for (const { model } of factsOf(document)) {
      const description = 'The pull request is closed.';
      changed += await this.#client.deactivate(environmentOf(model, pullRequest.number), { description });
    }
    const removed = factsOf(document)
      .filter((facts) => facts.pruned?.length)
      .map((facts) => facts.model);
    if (removed.length + changed === 0) return;
    const { sha, runUrl } = this.#place;
    const { warnings } = this.#client;
    await this.#client.stickyComment(marker, renderClosed({ sha, runUrl, warnings, removed }));
  }

  async #endSweep({ document }: StepOutcome): Promise<void> {
    for (const facts of factsOf(document)) {
      const { removed = [] } = facts as unknown as { removed?: { pullRequest: number }[] };
      for (const { pullRequest } of removed) {
        await this.#client.deactivate(environmentOf(facts.model, pullRequest), { description: 'Swept.' });
      }
    }
  }

  async #endServing({ document, error }: StepOutcome): Promise<void> {
    const { environment } = this.#plan;
    if (!environment) return;
    const [first] = factsOf(document);
    const url = first?.['endpoint-url'];
    const description = error
      ? `${error.code}: ${error.message}`
      : (first && `${first.model} ${first.version ?? ''}`) || 'Done.';
    const state = error ? 'failure' : 'success';
    await this.#status(environment, { state, description, ...(url && !error && { environmentUrl: url }) });
  }
}
