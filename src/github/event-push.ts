import type { GitHubEvent } from './event-payload.ts';
import {
  affectedModels,
  type ChangedModels,
  type ChosenEnvironment,
  chooseEnvironment,
  type EventGround,
  type EventInputs,
  type EventPlan,
  entriesOf,
  nothing,
  type PlannedStep,
  placeOf,
  type Standings,
} from './event-plan.ts';
import { codeSpan } from './event-text.ts';

type Branch = Extract<GitHubEvent, { kind: 'branch' }>;

/** What is known when the default branch was pushed. */
export interface PushFindings {
  changed: ChangedModels;
  standings: Standings;
}

/** Where a push to the default branch ships to. */
export const pushedTo = (inputs: EventInputs, ground: EventGround): ChosenEnvironment =>
  chooseEnvironment('staging', inputs.environment, ground.environments);

/** Why a push does nothing, whatever changed; undefined where it ships. */
export function idlePush(event: Branch): EventPlan | undefined {
  const name = codeSpan(event.branch);
  if (event.deleted) return { ...nothing, why: [`The branch ${name} was deleted: nothing is done.`] };
  if (event.isDefault) return undefined;
  return { ...nothing, why: [`${name} was pushed; only the default branch is shipped: nothing is done.`] };
}

/**
 * The names of models to ship: those that the environment lacks, and those that this push changed, whose function may
 * have to. `refused` are shipped after the others, which they must not keep from going live. Pure.
 */
function toShip(inputs: EventInputs, ground: EventGround, { changed, standings }: PushFindings) {
  const isRequested = Boolean(inputs.model?.length);
  const { models, why } = affectedModels(inputs, ground, changed);
  if (standings.unread) return { ship: models.map((m) => m.model), refused: [], reasons: [why] };
  const touched = isRequested || changed.known ? models.map((m) => m.model) : [];
  const stands = standings.models.filter(({ model }) => !isRequested || touched.includes(model));
  const named = (...kinds: string[]) => stands.filter(({ stand }) => kinds.includes(stand)).map(({ model }) => model);
  const [held, refused] = [named('held'), named('refused')];
  const wanted = [...touched, ...named('ship')].filter((name) => ![...held, ...refused].includes(name));
  return {
    ship: [...new Set(wanted)],
    refused,
    reasons: [...stands.flatMap(({ stand, why: reason }) => (stand === 'settled' ? [] : [reason])), why],
  };
}

/**
 * The default branch brings staging to what models.yaml asks for, whatever became of the runs of earlier pushes.
 */
export function planBranch(event: Branch, inputs: EventInputs, ground: EventGround, findings: PushFindings): EventPlan {
  const place = pushedTo(inputs, ground);
  const { ship, refused, reasons } = toShip(inputs, ground, findings);
  const models = [...ship, ...refused].flatMap((name) => entriesOf(ground, [name]));
  const base = { ...nothing, models, environment: place.name };
  const pushed = `The default branch ${codeSpan(event.branch)} was pushed`;
  const { unread } = findings.standings;
  const blind = unread ? [`Models that earlier runs have lost are not seen: ${unread}`] : [];
  if (models.length === 0) {
    const idle = unread ? 'and no model changed' : 'and the environment has what models.yaml asks for';
    return { ...base, why: [`${pushed}, ${idle}: nothing is shipped.`, ...blind, ...reasons, place.why] };
  }
  const steps = [ship, refused]
    .filter((names) => names.length > 0)
    .map((names): PlannedStep => ({ verb: 'ship', inputs: placeOf(place.name, entriesOf(ground, names)) }));
  return { ...base, steps, why: [`${pushed}: its models are shipped.`, ...blind, ...reasons, place.why] };
}
