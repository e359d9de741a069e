import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/types.ts';
import { InputError } from '../errors.ts';
import { planEvent } from '../github/event.ts';
import { type GitHubEvent, readEvent } from '../github/event-payload.ts';
import type { EventGround, EventPlan } from '../github/event-plan.ts';
import { changedSince } from './changed.ts';
import { markdownTable } from './results.ts';
import type { Context, VerbResult } from './verb.ts';

export interface EventVerbInput {
  config: string;
  environment?: string | undefined;
  model: string[];
  version?: string | undefined;
  /** The verb that is to be run whatever the event says. */
  wanted?: string | undefined;
  /** Name of the event; GITHUB_EVENT_NAME unless given. */
  event?: string | undefined;
  /** File with the payload; GITHUB_EVENT_PATH unless given. */
  payload?: string | undefined;
}

/** Far above GitHub's own limit of 25 MB for a payload. */
const payloadLimit = 64 * 1024 * 1024;

async function readPayload(path: string | undefined, cwd: string): Promise<unknown> {
  if (!path) return {};
  const unreadable = (why: string, cause: unknown) =>
    new InputError([{ path: 'payload', message: `${path}: ${why}.` }], { code: 'bad-event', cause });
  let text: string;
  try {
    text = await readFile(resolve(cwd, path), 'utf8');
  } catch (cause) {
    throw unreadable('it cannot be read', cause);
  }
  if (text.length > payloadLimit) throw unreadable('it is longer than any payload of GitHub', undefined);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable('it is not JSON', cause);
  }
}

const groundOf = (config: Config): EventGround => ({
  environments: Object.keys(config.environments),
  models: Object.values(config.models).map(({ name, version }) => ({ name, version })),
});

/** The plan for the event; reads models.yaml and git only where the event asks for it. */
async function planFor(event: GitHubEvent, input: EventVerbInput, context: Context): Promise<EventPlan> {
  let loading: Promise<Config> | undefined;
  // A run without credentials has no variables for environments either, and needs none.
  const withoutEnvironments = event.kind === 'pull-request' && event.untrusted !== undefined;
  const config = () => {
    loading ??= loadConfig(resolve(context.cwd, input.config), context.env, { checkFiles: false, withoutEnvironments });
    return loading;
  };
  const { environment, model, version, wanted } = input;
  return planEvent(event, {
    inputs: { environment, model, version, verb: wanted },
    ground: async () => groundOf(await config()),
    changedSince: async (commit) => changedSince(commit, await config(), context),
  });
}

/** What was decided and why, for the top of the summary. */
export function decisionText({ steps, why, models }: EventPlan): string {
  const [first = '', ...rest] = why;
  const list = (models ?? []).map(({ model, version }) => [model, version]);
  return [
    `**${first}**`,
    ...rest,
    steps.length > 0 ? `Steps: ${steps.map((s) => `\`${s.verb}\``).join(', then ')}.` : 'Steps: none.',
    ...(list.length > 0 ? [markdownTable(['model', 'version'], list)] : []),
  ].join('\n\n');
}

const unmarked = (text: string): string => text.replaceAll('`', '');

/** The plan for an event with what there is to say of it. Throws InputError `bad-event`, `event-refused`, `bad-config`. */
export async function decide(
  input: EventVerbInput,
  context: Context,
): Promise<{ plan: EventPlan; result: VerbResult }> {
  const name = input.event ?? context.env['GITHUB_EVENT_NAME'] ?? '';
  const payload = await readPayload(input.payload ?? context.env['GITHUB_EVENT_PATH'], context.cwd);
  const plan = await planFor(readEvent(name, payload), input, context);
  const { steps, models = null, environment = null, why, pullRequest = null, untrusted } = plan;
  const verbs = steps.map((step) => step.verb);
  const result: VerbResult = {
    outputs: {
      steps: JSON.stringify(verbs),
      ...(models && { models: JSON.stringify(models) }),
      ...(environment !== null && { environment }),
    },
    document: { event: name, steps, models, environment, 'pull-request': pullRequest, untrusted, why },
    summary: `## Coldgate\n\n${decisionText(plan)}`,
    lines: [...why.map(unmarked), `Steps: ${verbs.join(', ') || 'none'}.`],
  };
  return { plan, result };
}

/** `coldgate event`: what the root action does for an event. Decides, and changes nothing. */
export async function run(input: EventVerbInput, context: Context): Promise<VerbResult> {
  return (await decide(input, context)).result;
}
