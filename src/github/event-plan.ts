import { InputError } from '../errors.ts';
import { codeSpan } from './event-text.ts';

/** Inputs of the action that may overrule the event; empty ones are left out. */
export interface EventInputs {
  verb?: string | undefined;
  environment?: string | undefined;
  model?: readonly string[] | undefined;
  version?: string | undefined;
}

/** What models.yaml has. */
export interface EventGround {
  environments: readonly string[];
  models: readonly { name: string; version: string }[];
}

/** What the workspace is compared with. Commits are hexadecimal. */
export type Since =
  | { kind: 'commit'; commit: string }
  /** `base` is from the event, which may be out of date; `branch` is the name of the base branch. */
  | { kind: 'pull-request'; base: string; head: string; branch: string | undefined };

export interface ChangedModels {
  models: readonly string[];
  /** False where it could not be determined, and `models` has all of them. */
  known: boolean;
  /** How that was found out, one sentence in Markdown. */
  why: string;
}

/** How a model stands in an environment, beside what models.yaml asks for. */
export interface Standing {
  model: string;
  /**
   * `ship`: it has to be made live. `refused`: it would have to, but the store has other bytes, or a fault, under its
   * version, which ship will report. `held`: a later move has priority. `settled`: nothing to do.
   */
  stand: 'ship' | 'refused' | 'held' | 'settled';
  /** One sentence in Markdown. */
  why: string;
}

export interface Standings {
  models: readonly Standing[];
  /** Why the store could not be looked at, in Markdown; `models` is empty then. */
  unread?: string | undefined;
}

/** One verb with the inputs that the event gives it; the action's own inputs fill the rest. */
export interface PlannedStep {
  verb: string;
  inputs: Readonly<Record<string, string>>;
}

export interface EventPlan {
  /** In order; a step that fails ends them. Empty: there is nothing to do. */
  steps: readonly PlannedStep[];
  /** The models worked on; undefined where the verb's own inputs decide. */
  models: readonly { model: string; version: string }[] | undefined;
  environment: string | undefined;
  /** Sentences in Markdown, most important first; names of others only as code. */
  why: readonly string[];
  /** The pull request that this is about, with its head commit. */
  pullRequest: { number: number; sha: string } | undefined;
  /** Nothing may be written anywhere: the run of a fork has no right to. */
  untrusted: boolean;
}

/** A plan to do nothing, to be filled. */
export const nothing: EventPlan = {
  steps: [],
  models: [],
  environment: undefined,
  why: [],
  pullRequest: undefined,
  untrusted: false,
};

/** Refuses an event, with the cure. Exit 2. */
export const refused = (message: string, hint: string): InputError =>
  new InputError([{ path: 'event', message, hint }], { code: 'event-refused' });

/** What the environments of the events are called in models.yaml, best first. */
export const wantedEnvironments = {
  preview: ['preview', 'staging'],
  staging: ['staging'],
  production: ['production'],
} as const;

export interface ChosenEnvironment {
  /** Undefined where the verb's own rule must decide, and complain. */
  name: string | undefined;
  /** One sentence in Markdown. */
  why: string;
}

/** The input's, else the first wanted one of models.yaml, else the only one there is, else `local`. */
export function chooseEnvironment(
  wanted: keyof typeof wantedEnvironments,
  given: string | undefined,
  known: readonly string[],
): ChosenEnvironment {
  if (given) return { name: given, why: `Environment: ${codeSpan(given)}, named by the input.` };
  const names = wantedEnvironments[wanted];
  const found = names.find((name) => known.includes(name));
  if (found) return { name: found, why: `Environment: \`${found}\` of models.yaml.` };
  const name = known.length === 1 ? known[0] : known.includes('local') ? 'local' : undefined;
  const missing = names.map((n) => `\`${n}\``).join(' or ');
  return { name, why: `Environment: \`${name ?? 'none'}\`; models.yaml has no ${missing}.` };
}

/** The entries of these names, as a matrix wants them. */
export const entriesOf = (ground: EventGround, names: readonly string[]): { model: string; version: string }[] =>
  ground.models.filter((m) => names.includes(m.name)).map(({ name, version }) => ({ model: name, version }));

/** Inputs that name environment and models for a step. */
export const placeOf = (
  environment: string | undefined,
  models: readonly { model: string }[],
): Record<string, string> => ({
  ...(environment && { environment }),
  model: models.map((m) => m.model).join(','),
});

/** The models of the input, else those that changed. Throws InputError for a model that is not there. */
export function affectedModels(inputs: EventInputs, ground: EventGround, changed: ChangedModels) {
  const given = inputs.model ?? [];
  if (given.length === 0) return { models: entriesOf(ground, changed.models), why: changed.why };
  const known = ground.models.map((m) => m.name);
  const unknown = given.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const message = `expected names of ${known.join(', ')}, got ${unknown.map((u) => JSON.stringify(u.slice(0, 80))).join(', ')}.`;
    throw new InputError([{ path: 'input model', message }], { code: 'unknown-model' });
  }
  return { models: entriesOf(ground, given), why: `The input \`model\` names ${given.map(codeSpan).join(', ')}.` };
}
