import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config } from '../config/types.ts';
import { InputError, toColdgateError } from '../errors.ts';
import { planEvent } from '../github/event.ts';
import { type GitHubEvent, readEvent } from '../github/event-payload.ts';
import type { EventGround, EventPlan, Standings } from '../github/event-plan.ts';
import { codeSpan, shown } from '../github/event-text.ts';
import { changedSince } from '../steps/changes/changed.ts';
import { otherCommits } from '../steps/changes/named-then.ts';
import { standingsIn } from '../steps/changes/standings.ts';
import { readConfig } from '../steps/read-config.ts';
import { markdownTable } from '../steps/results.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { openWorkspace, type WorkInput } from '../steps/workspace.ts';

export interface EventVerbInput {
  config: string;
  environment?: string | undefined;
  model: string[];
  version?: string | undefined;
  /** The verb to run whatever the event is. */
  wanted?: string | undefined;
  /** Name of the event; GITHUB_EVENT_NAME unless given. */
  event?: string | undefined;
  /** File with the payload; GITHUB_EVENT_PATH unless given. */
  payload?: string | undefined;
}

/** What becomes of the plan: the steps are run, or it is only shown, perhaps by a job that has no credentials. */
export type Purpose = 'run' | 'show';

/** Far above GitHub's own limit of 25 MB for a payload. */
const payloadLimit = 64 * 1024 * 1024;

/** Every event but this one has a payload. */
const needsNoPayload = 'schedule';

/** The variable of the runner, or the flag, that names the file, for messages. */
async function readPayload(name: string, input: EventVerbInput, { env, cwd }: Context): Promise<unknown> {
  const from = input.payload === undefined ? 'GITHUB_EVENT_PATH' : '--payload';
  const path = input.payload ?? env['GITHUB_EVENT_PATH'];
  if (!path) {
    if (name === needsNoPayload) return {};
    const message = `is not set, so what happened on ${shown(name)} is not known.`;
    const hint =
      'GitHub Actions sets it; a container needs the variable and the file, the command line --payload FILE.';
    throw new InputError([{ path: from, message, hint }], { code: 'bad-event' });
  }
  const unreadable = (why: string, cause: unknown) =>
    new InputError([{ path: from, message: `${shown(path)}: ${why}.` }], {
      code: 'bad-event',
      cause,
      hint: 'It names the file with the payload of the event, as GitHub wrote it.',
    });
  let text: string;
  try {
    text = await readFile(resolve(cwd, path), 'utf8');
  } catch (cause) {
    throw unreadable('it cannot be read', cause);
  }
  if (text.length > payloadLimit) throw unreadable('it is longer than any payload of GitHub', undefined);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw unreadable('it is not JSON', cause);
  }
}

const groundOf = (config: Config): EventGround => ({
  environments: Object.keys(config.environments),
  models: Object.values(config.models).map(({ name, version }) => ({ name, version })),
});

/** Throws what stands in the way of reading the store, where that is an error. */
async function standingsOf(
  input: WorkInput,
  branch: string,
  unread: 'error' | 'warning',
  context: Context,
): Promise<Standings> {
  try {
    const workspace = await openWorkspace(input, context, { checkFiles: false });
    const commits = otherCommits(workspace.config, branch, context);
    return await standingsIn({ workspace, commits, context });
  } catch (error) {
    context.signal.throwIfAborted();
    const { code, message } = toColdgateError(error);
    if (unread === 'error' || error instanceof InputError) throw error;
    context.log.warn(`The store could not be read, so releases that earlier runs have lost are not seen: ${message}`);
    return { models: [], unread: `the store could not be read (${codeSpan(code)}).` };
  }
}

/** The plan for the event; reads models.yaml, git and the store only where the event asks for it. */
async function planFor(
  event: GitHubEvent,
  input: EventVerbInput,
  purpose: Purpose,
  context: Context,
): Promise<EventPlan> {
  let loading: Promise<Config> | undefined;
  // A run without credentials has no variables for environments either, and needs none.
  const withoutEnvironments =
    event.kind === 'merge-group' || (event.kind === 'pull-request' && event.untrusted !== undefined);
  const config = () => {
    loading ??= readConfig(input.config, context, { checkFiles: false, withoutEnvironments });
    return loading;
  };
  const { environment, model, version, wanted } = input;
  return planEvent(event, {
    inputs: { environment, model, version, verb: wanted },
    ground: async () => groundOf(await config()),
    changedSince: async (since) => changedSince(since, await config(), context),
    standings: (chosen, branch, unread) => {
      const place = { config: input.config, environment: chosen, model };
      return standingsOf(place, branch, purpose === 'show' ? 'warning' : unread, context);
    },
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

/** The plan for an event with its explanation. Throws InputError `bad-event`, `event-refused`, `bad-config`. */
export async function decide(
  input: EventVerbInput,
  purpose: Purpose,
  context: Context,
): Promise<{ plan: EventPlan; result: VerbResult }> {
  const name = input.event || context.env['GITHUB_EVENT_NAME'] || '';
  if (name === '') {
    const hint = 'GitHub Actions sets it; on the command line give --event NAME and --payload FILE.';
    throw new InputError([{ path: 'GITHUB_EVENT_NAME', message: 'is not set, so there is no event.', hint }], {
      code: 'no-event',
    });
  }
  const payload = await readPayload(name, input, context);
  const plan = await planFor(readEvent(name, payload), input, purpose, context);
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
  return (await decide(input, 'show', context)).result;
}
