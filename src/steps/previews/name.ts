import type { Environment, ModelEntry } from '../../config/types.ts';
import { InputError } from '../../errors.ts';
import { sha256 } from '../../model/digest.ts';
import { isVersion } from '../../model/names.ts';
import type { FunctionSettings } from '../../rollout/target.ts';
import { functionSettings } from '../function-settings.ts';

/** Cloud Run's limit beside a traffic tag, the tightest of the platforms: src/config/check-function-names.ts. */
const longestName = 38;

/**
 * The first seven digits of a commit. Semantic versioning knows no number that begins with 0, so digits that would be
 * one are taken up to the first letter.
 */
function shortCommit(sha: string): string {
  const seven = sha.slice(0, 7);
  if (!/^0\d+$/.test(seven)) return seven;
  return /^0\d*[a-f]/.exec(sha)?.[0] ?? `g${seven}`;
}

/**
 * `1.1.0-pr.12.a1b2c3d`; after a pre-release version `1.1.0-rc.1.pr.12.a1b2c3d`.
 * Throws InputError for a commit that is none and for a version that gets longer than versions may be.
 */
export function previewVersion(version: string, pullRequest: number, sha: string): string {
  if (!/^[0-9a-f]{7,64}$/.test(sha)) {
    const message = `expected a commit id in hexadecimal, got ${JSON.stringify(sha.slice(0, 80))}.`;
    const hint = sha === '' ? 'This is no checkout of git: name the commit with --sha.' : undefined;
    throw new InputError([{ path: 'sha', message, hint }]);
  }
  const made = `${version}${version.includes('-') ? '.' : '-'}pr.${pullRequest}.${shortCommit(sha)}`;
  if (isVersion(made)) return made;
  throw new InputError([{ path: 'version', message: `${made} is longer than a version may be: 128 characters.` }]);
}

/** The pull request of a preview's version; undefined for other versions. */
export function previewNumber(version: string): number | undefined {
  const digits = /^[^-]+-(?:.+\.)?pr\.([1-9]\d{0,15})\.[0-9a-z]+$/.exec(version)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Room that every name leaves for its ending, so that a model's previews differ in their endings alone. */
const usualEnding = '-pr-12345678'.length;

/** What names of a model's previews begin with: a name that leaves no room is cut, with a digest of the whole. */
function previewStem(model: string, ending: number): string {
  const room = longestName - Math.max(ending, usualEnding);
  const digest = sha256(model).slice(0, 8);
  return model.length <= room ? model : `${model.slice(0, room - digest.length - 1)}-${digest}`;
}

/** `<model>-pr-<number>`. */
export function previewFunction(model: string, pullRequest: number): string {
  const ending = `-pr-${pullRequest}`;
  return `${previewStem(model, ending.length)}${ending}`;
}

/** `<model>-pr-*`: all names of a model's previews, for policies. */
export const previewPattern = (model: string): string => `${previewStem(model, usualEnding)}-pr-*`;

/** The function of a preview: that of the environment under a separate name, with the try-out page. */
export function previewSettings(environment: Environment, entry: ModelEntry, pullRequest: number): FunctionSettings {
  const settings = functionSettings(environment, entry);
  return {
    ...settings,
    name: previewFunction(entry.name, pullRequest),
    handlerVariables: { ...settings.handlerVariables, COLDGATE_PAGE: 'true' },
  };
}
