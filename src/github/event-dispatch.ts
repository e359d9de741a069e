import type { GitHubEvent } from './event-payload.ts';
import {
  chooseEnvironment,
  type EventGround,
  type EventInputs,
  type EventPlan,
  nothing,
  refused,
  type wantedEnvironments,
} from './event-plan.ts';
import { codeSpan } from './event-text.ts';

/** Default environment of a verb started by hand; verbs that destroy or prune have none. */
const usual: Readonly<Record<string, keyof typeof wantedEnvironments>> = {
  rollback: 'production',
  promote: 'production',
  release: 'production',
  verify: 'production',
  status: 'production',
  history: 'production',
  ship: 'staging',
  publish: 'staging',
  deploy: 'staging',
  warmup: 'staging',
};

/** Whether an environment of models.yaml is looked for when the verb is asked for by hand. */
export const hasUsualPlace = (verb: string | undefined): boolean => verb !== undefined && Object.hasOwn(usual, verb);

/** Inputs of a dispatch that reach the verb when the action's own are left empty. */
const passed = ['verb', 'environment', 'model', 'version', 'to'] as const;

/** What a person chose in the form of `workflow_dispatch`, by the names of the action's inputs. */
export function dispatchedInputs(event: Extract<GitHubEvent, { kind: 'dispatch' }>): Record<string, string> {
  return Object.fromEntries(
    passed.flatMap((name) => {
      const value = event.inputs[name]?.trim();
      return value ? [[name, value]] : [];
    }),
  );
}

/** Any verb, by hand. `inputs` has what the action or the dispatch was given. */
export function planDispatch(
  chosen: Readonly<Record<string, string>>,
  inputs: EventInputs,
  ground: EventGround,
): EventPlan {
  const { verb } = inputs;
  if (!verb) {
    throw refused(
      'workflow_dispatch names no verb.',
      'Give the action or the workflow an input verb, such as rollback.',
    );
  }
  const wanted = hasUsualPlace(verb) ? usual[verb] : undefined;
  const place = wanted && chooseEnvironment(wanted, inputs.environment, ground.environments);
  const environment = place?.name ?? inputs.environment;
  const why = [`Asked for by hand: ${codeSpan(verb)}.`, ...(place ? [place.why] : [])];
  const { verb: _, ...rest } = chosen;
  const steps = [{ verb, inputs: { ...rest, ...(environment && { environment }) } }];
  return { ...nothing, steps, models: undefined, environment, why };
}
