import { createHash } from 'node:crypto';
import { InputError } from '../../errors.ts';
import type { Identity } from '../../rollout/platform.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Length of our tags' suffix, and max. length of tag and service together, from Cloud Run's error message. */
const tagDigits = 6;
const maxTagged = 46;
/** A service may have 38 characters: 46 without a tag of 8. */
const maxName = maxTagged - 'c-'.length - tagDigits;

/**
 * Checks a service's name and returns it. Throws InputError for a name that Cloud Run does not accept together with a
 * tag: it reports that only when the tag is created, which is after the first change.
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/create
 */
export function serviceName(name: string): string {
  if (/^[a-z](?:[a-z0-9-]*[a-z0-9])?$/.test(name) && name.length <= maxName) return name;
  const message = `${name}: a Cloud Run service is named by at most ${maxName} lower-case letters, digits and "-", beginning with a letter.`;
  throw new InputError([{ path: 'models', message, hint: 'Give the model a shorter name without dots.' }], {
    code: 'bad-function-name',
  });
}

/**
 * What a revision is for: a candidate, the live one, a sample, or the first one of a service, which holds its traffic
 * until a revision has passed its readiness proof.
 */
export type Purpose = 'candidate' | 'live' | 'sample' | 'first';

const letters: Readonly<Record<Purpose, string>> = { candidate: 'c', live: 'l', sample: 's', first: 'f' };

/**
 * Name of the revision of this identity: the same in every run, so that one whose answer was lost finds what it has made.
 * @param replaced id of an equal revision that it is to take the place of
 */
export function revisionName(service: string, purpose: Purpose, identity: string, replaced?: string): string {
  const digits = digest(replaced === undefined ? identity : `${identity} instead of ${replaced}`).slice(0, 10);
  return `${service}-${letters[purpose]}-${digits}`;
}

/** Tags by the purpose of their revision: candidates, samples, and the next live revision. */
const tagLetters = { candidate: 'c', sample: 's', live: 'n' } as const;

export type Tagged = keyof typeof tagLetters;

/** A separate tag for each revision: the address of a moved tag may lead to its former revision for a while. */
export const tagOf = (purpose: Tagged, revision: string): string =>
  `${tagLetters[purpose]}-${digest(revision).slice(0, tagDigits)}`;

/** The purpose of a managed tag; undefined for unmanaged ones. */
export function purposeOfTag(tag: string | undefined): Tagged | undefined {
  const [, letter] = /^([cns])-[0-9a-f]{6}$/.exec(tag ?? '') ?? [];
  if (letter === undefined) return undefined;
  return letter === 'c' ? 'candidate' : letter === 's' ? 'sample' : 'live';
}

/** Label that marks a service as managed by Coldgate; one without it is left unchanged. */
export const ownerLabel = 'coldgate';
export const ownerValue = 'function';

/** Annotation of a revision with what it is made of. */
export const aboutAnnotation = 'coldgate.dev/about';

/** A revision's purpose and content, from its annotation; revisions without one are unmanaged. */
export interface Mark extends Omit<Identity, 'role'> {
  purpose: Purpose;
  /** When a sample may be removed by any run, ISO 8601; its own run removes it earlier. */
  until: string | undefined;
}

const marked =
  /^(?<purpose>candidate|live|sample|first) (?<version>\S+) (?<settings>[0-9a-f]{64}) (?<package>[0-9a-f]{64})(?: until (?<until>\S+))?$/;

/** `candidate 1.1.0 <settings> <package>` */
export const formatMark = ({ purpose, version, settingsSha256, packageSha256, until }: Mark): string =>
  `${purpose} ${version ?? '*'} ${settingsSha256} ${packageSha256}${until === undefined ? '' : ` until ${until}`}`;

export function parseMark(text: string | undefined): Mark | undefined {
  const { purpose, version = '', settings = '', package: of = '', until } = marked.exec(text ?? '')?.groups ?? {};
  if (!purpose) return undefined;
  return {
    purpose: purpose as Purpose,
    version: version === '*' ? null : version,
    settingsSha256: settings,
    packageSha256: of,
    until,
  };
}
