import { dispatchedInputs, hasUsualPlace, planDispatch } from './event-dispatch.ts';
import type { GitHubEvent } from './event-payload.ts';
import {
  affectedModels,
  type ChangedModels,
  chooseEnvironment,
  type EventGround,
  type EventInputs,
  type EventPlan,
  nothing,
  placeOf,
  refused,
  type Since,
  type Standings,
} from './event-plan.ts';
import { planPullRequest } from './event-pull-request.ts';
import { idlePush, planBranch, pushedTo } from './event-push.ts';
import { planTag } from './event-tag.ts';
import { codeSpan, shown } from './event-text.ts';

/** What the plan of an event needs to know besides it. Found out on demand: not every event asks for everything. */
export interface EventContext {
  inputs: EventInputs;
  ground(): Promise<EventGround>;
  /** Models whose entry or files differ from what was before; all of them where that is not known. */
  changedSince(since: Since): Promise<ChangedModels>;
  /**
   * How each model stands in the environment. A store that cannot be read is an error or, if `unread` is `said`, a
   * remark.
   */
  standings(environment: string | undefined, branch: string, unread: 'error' | 'warning'): Promise<Standings>;
}

/** The inputs with what a dispatch adds; those of the action win. */
function effective(event: GitHubEvent, inputs: EventInputs): EventInputs {
  if (event.kind !== 'dispatch') return inputs;
  const { verb, environment, model, version } = dispatchedInputs(event);
  const models = inputs.model?.length ? inputs.model : model?.split(',').map((m) => m.trim());
  return {
    verb: inputs.verb || verb,
    environment: inputs.environment || environment,
    model: models,
    version: inputs.version || version,
  };
}

/** The input `verb` decides alone; of the event it takes no more than which pull request this is. */
function planGiven(verb: string, event: GitHubEvent): EventPlan {
  const own =
    verb === 'preview' && event.kind === 'pull-request'
      ? { 'pull-request': String(event.number), sha: event.headSha, ...(event.untrusted && { local: 'true' }) }
      : {};
  const pullRequest = event.kind === 'pull-request' ? { number: event.number, sha: event.headSha } : undefined;
  const untrusted = event.kind === 'pull-request' && event.untrusted !== undefined;
  const why = [`The input \`verb\` asks for ${codeSpan(verb)}; the event decides nothing.`];
  return { ...nothing, steps: [{ verb, inputs: own }], models: undefined, pullRequest, untrusted, why };
}

/** Where the inputs name the models. */
const uncompared: ChangedModels = { models: [], known: true, why: 'Nothing was compared.' };

async function planSchedule({ inputs, ground }: EventContext): Promise<EventPlan> {
  const { environments } = await ground();
  const environment = inputs.environment || undefined;
  const where = environment
    ? chooseEnvironment('staging', environment, environments).why
    : `Environments: all of models.yaml (${environments.map((name) => `\`${name}\``).join(', ')}).`;
  const steps = [{ verb: 'sweep', inputs: { ...(environment && { environment }) } }];
  const summary =
    'On schedule: previews that a lost event left are removed, versions pruned, pointers compared with endpoints.';
  return { ...nothing, steps, models: undefined, environment, why: [summary, where] };
}

/** It would lend this repository's secrets to files of a pull request. */
const lending = 'pull_request_target';

/** Events of trusted workflows, which another workflow may follow. */
const trusted = ['push', 'schedule', 'workflow_dispatch', 'repository_dispatch'];

const forPullRequests = 'Run on pull_request: previews of forks are measured there without credentials.';

function refuse(name: string): never {
  if (name === lending) {
    throw refused(
      `${name} runs with this repository's secrets on behalf of a pull request, whose files must not get them.`,
      forPullRequests,
    );
  }
  const tagged = ['release', 'create'].includes(name) ? 'A release tag is understood on push. ' : '';
  throw refused(
    `there is no rule for the event ${shown(name)}.`,
    `${tagged}Set the input verb to choose what to do; docs/github.md lists the events that are understood.`,
  );
}

/** A workflow after another one: with a verb, and where that one did not run for a pull request. */
function planWorkflowRun(after: string | undefined, verb: string | undefined, event: GitHubEvent): EventPlan {
  if (after === undefined || !trusted.includes(after)) {
    throw refused(
      `workflow_run has this repository's secrets, and follows a workflow that ran on ${shown(after ?? 'nothing known')}.`,
      `It is taken after ${trusted.join(', ')} alone. ${forPullRequests}`,
    );
  }
  if (!verb) throw refused('workflow_run names no verb.', 'Give the action an input verb, such as ship.');
  return planGiven(verb, event);
}

/** The merge queue waits for a check: the models that its group changes are validated, without credentials. */
async function planMergeGroup(base: string, { inputs, ground, changedSince }: EventContext): Promise<EventPlan> {
  const isRequested = Boolean(inputs.model?.length);
  const changed = isRequested ? uncompared : await changedSince({ kind: 'commit', commit: base });
  const { models, why } = affectedModels(inputs, await ground(), changed);
  const summary = 'The merge queue asks for its check';
  if (models.length === 0)
    return { ...nothing, why: [`${summary}, and no model changed: nothing is to be checked.`, why] };
  const steps = [{ verb: 'validate', inputs: { ...placeOf(undefined, models), local: 'true' } }];
  return { ...nothing, steps, models, why: [`${summary}: the models that changed are validated on this runner.`, why] };
}

async function planPush(event: Extract<GitHubEvent, { kind: 'branch' }>, context: EventContext): Promise<EventPlan> {
  const idle = idlePush(event);
  if (idle) return idle;
  const { inputs } = context;
  const ground = await context.ground();
  const isRequested = Boolean(inputs.model?.length);
  const changed = isRequested ? uncompared : await context.changedSince({ kind: 'commit', commit: event.before });
  // A store that cannot be read must not look as if there were nothing to do; a fork has no right to read it.
  const blind = event.ofFork || changed.models.length > 0 ? 'warning' : 'error';
  const standings = await context.standings(pushedTo(inputs, ground).name, event.branch, blind);
  return planBranch(event, inputs, ground, { changed, standings });
}

/**
 * What to do on an event, with which models, where, and why; the table of docs/github.md. Pure but for what it asks of
 * `context`. Throws InputError `event-refused` (exit 2) for events that must not run and those without a rule.
 */
export async function planEvent(event: GitHubEvent, context: EventContext): Promise<EventPlan> {
  const inputs = effective(event, context.inputs);
  if (event.kind === 'other' && event.name === lending) refuse(event.name);
  if (event.kind === 'workflow-run') return planWorkflowRun(event.after, inputs.verb, event);
  if (event.kind === 'dispatch') {
    const ground = hasUsualPlace(inputs.verb) ? await context.ground() : { environments: [], models: [] };
    return planDispatch(dispatchedInputs(event), inputs, ground);
  }
  if (inputs.verb) return planGiven(inputs.verb, event);
  if (event.kind === 'other') return refuse(event.name);
  if (event.kind === 'schedule') return planSchedule(context);
  if (event.kind === 'merge-group') return planMergeGroup(event.baseSha, context);
  if (event.kind === 'tag') return planTag(event, inputs, await context.ground());
  if (event.kind === 'branch') return planPush(event, context);
  const { baseSha: base, headSha: head, baseBranch: branch, action } = event;
  const compares = ['opened', 'synchronize', 'reopened'].includes(action) && !inputs.model?.length;
  const changed = compares ? await context.changedSince({ kind: 'pull-request', base, head, branch }) : uncompared;
  return planPullRequest(event, inputs, await context.ground(), changed);
}
