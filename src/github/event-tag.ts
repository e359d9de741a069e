import { isModelName, isVersion } from '../model/names.ts';
import type { GitHubEvent } from './event-payload.ts';
import {
  chooseEnvironment,
  type EventGround,
  type EventInputs,
  type EventPlan,
  nothing,
  placeOf,
  refused,
} from './event-plan.ts';
import { codeSpan, shown } from './event-text.ts';

type Tag = Extract<GitHubEvent, { kind: 'tag' }>;

/** A release tag: which version of which model. */
export interface ReleaseTag {
  model: string;
  version: string;
}

/**
 * `<model>@<version>` or `<model>/v<version>`. Undefined for any other tag: a repository tags other things too. Model
 * and version are in their closed alphabets, so that both may stand in keys, paths and messages.
 */
export function parseTag(tag: string): ReleaseTag | undefined {
  const [, model = '', version = ''] = /^([^@/]+)(?:@|\/v)([^@/]+)$/.exec(tag) ?? [];
  return isModelName(model) && isVersion(version) ? { model, version } : undefined;
}

/** `1`, `1.0`, `01.2.3`, `1.0.0+build`, `1.0rc1`. */
const likeVersion = String.raw`\d+(?:\.\d+)*(?:[-+._]?[a-z0-9][a-z0-9.+_-]*)?`;
/** The same with a dot between numbers: `2024-11-30` is a date. */
const dotted = String.raw`\d+\.\d[a-z0-9.+_-]*`;
/** Git takes no longer part of a ref as a file; a payload may hold anything. */
const longestTag = 255;

/** Whether a tag that has neither form names this model with something like a version all the same. */
function isNearly(tag: string, model: string): boolean {
  const name = model.replace(/[.]/g, String.raw`\.`);
  const forms = [
    // A model's name followed by @ has no other meaning.
    `${name}@.+`,
    `${name}(?:[/:=]+v?|[-_.+~]*v)${likeVersion}`,
    `${name}[-_.+~]*${dotted}`,
    `v?${dotted}[-/_@]${name}`,
  ];
  return tag.length <= longestTag && new RegExp(`^(?:.*/)?(?:${forms.join('|')})$`, 'i').test(tag);
}

/** The model that a tag of neither form seems to be about, the longest name first: `digits-small` before `digits`. */
const nearlyNamed = (tag: string, ground: EventGround) =>
  [...ground.models].sort((a, b) => b.name.length - a.name.length).find(({ name }) => isNearly(tag, name));

/**
 * A tag promotes one published version to production; it must be the one that models.yaml names. Throws InputError
 * `event-refused` for a tag that was to name a version and does not.
 */
export function planTag(event: Tag, inputs: EventInputs, ground: EventGround): EventPlan {
  const name = codeSpan(event.tag);
  if (event.deleted) return { ...nothing, why: [`The tag ${name} was deleted: what is live stays live.`] };
  const tag = parseTag(event.tag);
  if (!tag) return planOtherTag(event.tag, ground);
  const version = releasedVersion(event.tag, tag, inputs, ground);
  const place = chooseEnvironment('production', inputs.environment, ground.environments);
  const models = [{ model: tag.model, version }];
  // If staging has a separate store, the version is copied from there; if they share one, nothing is copied.
  const from = ground.environments.includes('staging') && place.name !== 'staging' ? { from: 'staging' } : {};
  const steps = [{ verb: 'release', inputs: { ...placeOf(place.name, models), version, ...from } }];
  const summary = `The tag ${name} releases \`${tag.model}\` ${version}, if that version was published and agrees with its manifest.`;
  return { ...nothing, steps, models, environment: place.name, why: [summary, place.why] };
}

/** A tag of something else does nothing; one that is nearly right must not be lost without a word. */
function planOtherTag(tag: string, ground: EventGround): EventPlan {
  const nearly = nearlyNamed(tag, ground);
  if (nearly) {
    const { name, version } = nearly;
    const message = `the tag ${shown(tag)} seems to name a version of ${name}, but is neither <model>@<version> nor <model>/v<version>.`;
    throw refused(message, `Tag this commit ${name}@${version}, as its models.yaml has it, or rename the tag.`);
  }
  const forms = '`<model>@<version>` nor `<model>/v<version>`';
  return { ...nothing, why: [`The tag ${codeSpan(tag)} is neither ${forms}: nothing is done.`] };
}

/** Throws InputError `event-refused` where tag and models.yaml do not name the same version. */
function releasedVersion(tagName: string, tag: ReleaseTag, inputs: EventInputs, ground: EventGround): string {
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
