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
} from './event-plan.ts';
import { parseTag } from './event-tag.ts';
import { codeSpan, shown } from './event-text.ts';

type Branch = Extract<GitHubEvent, { kind: 'branch' }>;
type Tag = Extract<GitHubEvent, { kind: 'tag' }>;

/** The default branch ships to staging what changed. */
export function planBranch(event: Branch, inputs: EventInputs, ground: EventGround, changed: ChangedModels): EventPlan {
  const name = codeSpan(event.branch);
  if (event.deleted) return { ...nothing, why: [`The branch ${name} was deleted: nothing is done.`] };
  if (!event.isDefault) {
    return { ...nothing, why: [`${name} was pushed; only the default branch is shipped: nothing is done.`] };
  }
  const { models, why } = affectedModels(inputs, ground, changed);
  const place = chooseEnvironment('staging', inputs.environment, ground.environments);
  const base = { ...nothing, models, environment: place.name };
  const pushed = `The default branch ${name} was pushed`;
  if (models.length === 0) return { ...base, why: [`${pushed}, and no model changed: nothing is shipped.`, why] };
  const steps = [{ verb: 'ship', inputs: placeOf(place.name, models) }];
  return { ...base, steps, why: [`${pushed}: its models are shipped.`, why, place.why] };
}

/** A tag promotes one published version to production; it must be the one that models.yaml names. */
export function planTag(event: Tag, inputs: EventInputs, ground: EventGround): EventPlan {
  const name = codeSpan(event.tag);
  if (event.deleted) return { ...nothing, why: [`The tag ${name} was deleted: what is live stays live.`] };
  const tag = parseTag(event.tag);
  if (!tag) {
    const forms = '`<model>@<version>` nor `<model>/v<version>`';
    return { ...nothing, why: [`The tag ${name} is neither ${forms}: nothing is done.`] };
  }
  const version = releasedVersion(event.tag, tag, inputs, ground);
  const place = chooseEnvironment('production', inputs.environment, ground.environments);
  const models = [{ model: tag.model, version }];
  // Where staging has a store of its own, the version is copied from there; where they share one, nothing is.
  const from = ground.environments.includes('staging') && place.name !== 'staging' ? { from: 'staging' } : {};
  const steps = [{ verb: 'release', inputs: { ...placeOf(place.name, models), version, ...from } }];
  const said = `The tag ${name} releases \`${tag.model}\` ${version}, if that version was published and is what its manifest says.`;
  return { ...nothing, steps, models, environment: place.name, why: [said, place.why] };
}

/** Throws InputError `event-refused` where tag and models.yaml do not speak of the same version. */
function releasedVersion(
  tagName: string,
  tag: { model: string; version: string },
  inputs: EventInputs,
  ground: EventGround,
): string {
  const entry = ground.models.find((m) => m.name === tag.model);
  if (!entry) {
    const there = ground.models.map((m) => m.name).join(', ');
    const message = `the tag ${shown(tagName)} names the model ${tag.model}; models.yaml has ${there}.`;
    throw refused(message, 'Tag a model that models.yaml has.');
  }
  if (inputs.version) return inputs.version;
  if (entry.version === tag.version) return tag.version;
  const message = `the tag ${shown(tagName)} asks for ${tag.model} ${tag.version}; models.yaml of this commit has ${entry.version}.`;
  throw refused(message, `Tag a commit whose models.yaml names ${tag.version}; the way back is verb: rollback.`);
}
