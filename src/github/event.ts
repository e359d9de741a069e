import { dispatchedInputs, hasUsualPlace, planDispatch } from './event-dispatch.ts';
import type { GitHubEvent } from './event-payload.ts';
import {
  type ChangedModels,
  chooseEnvironment,
  type EventGround,
  type EventInputs,
  type EventPlan,
  nothing,
  refused,
} from './event-plan.ts';
import { planPullRequest } from './event-pull-request.ts';
import { planBranch, planTag } from './event-push.ts';
import { codeSpan, shown } from './event-text.ts';

/** What the plan of an event needs to know besides it. Found out on demand: not every event asks for everything. */
export interface EventWorld {
  inputs: EventInputs;
  ground(): Promise<EventGround>;
  /** Models whose entry or files differ from that commit; all of them where it is not known. */
  changedSince(commit: string): Promise<ChangedModels>;
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

async function planSchedule({ inputs, ground }: EventWorld): Promise<EventPlan> {
  const { environments } = await ground();
  const environment = inputs.environment || undefined;
  const where = environment
    ? chooseEnvironment('staging', environment, environments).why
    : `Environments: all of models.yaml (${environments.map((name) => `\`${name}\``).join(', ')}).`;
  const steps = [{ verb: 'sweep', inputs: { ...(environment && { environment }) } }];
  const said =
    'On schedule: previews that a lost event left are removed, versions pruned, pointers compared with endpoints.';
  return { ...nothing, steps, models: undefined, environment, why: [said, where] };
}

/** Contexts that would lend this repository's secrets to files of a pull request. */
const lending = ['pull_request_target', 'workflow_run'];

function refuse(name: string): never {
  if (lending.includes(name)) {
    throw refused(
      `${name} runs with this repository's secrets on behalf of a pull request, whose files must not get them.`,
      'Run on pull_request: previews of forks are measured there without credentials.',
    );
  }
  throw refused(
    `there is no rule for the event ${shown(name)}.`,
    'Give the input verb to say what to do; docs/github.md lists the events that are understood.',
  );
}

/**
 * What to do on an event, with which models, where, and why; the table of docs/github.md. Pure but for what `world` is
 * asked. Throws InputError `event-refused` (exit 2) for events that must not run and those that nobody has a rule for.
 */
export async function planEvent(event: GitHubEvent, world: EventWorld): Promise<EventPlan> {
  const inputs = effective(event, world.inputs);
  if (event.kind === 'other' && lending.includes(event.name)) refuse(event.name);
  if (event.kind === 'dispatch') {
    const ground = hasUsualPlace(inputs.verb) ? await world.ground() : { environments: [], models: [] };
    return planDispatch(dispatchedInputs(event), inputs, ground);
  }
  if (inputs.verb) return planGiven(inputs.verb, event);
  if (event.kind === 'other') return refuse(event.name);
  if (event.kind === 'schedule') return planSchedule(world);
  const ground = await world.ground();
  const idle: ChangedModels = { models: [], why: 'Nothing was compared.' };
  const asked = Boolean(inputs.model?.length);
  if (event.kind === 'tag') return planTag(event, inputs, ground);
  if (event.kind === 'branch') {
    const compares = event.isDefault && !event.deleted && !asked;
    return planBranch(event, inputs, ground, compares ? await world.changedSince(event.before) : idle);
  }
  const compares = ['opened', 'synchronize', 'reopened'].includes(event.action) && !asked;
  return planPullRequest(event, inputs, ground, compares ? await world.changedSince(event.baseSha) : idle);
}
