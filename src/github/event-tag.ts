import { isModelName, isVersion } from '../model/names.ts';

/** A release tag: which version of which model. */
export interface ReleaseTag {
  model: string;
  version: string;
}

/**
 * `<model>@<version>` or `<model>/v<version>`. Nothing for any other tag: a repository tags other things too.
 * Model and version are in their closed alphabets, so that both may stand in keys, paths and messages.
 */
export function parseTag(tag: string): ReleaseTag | undefined {
  const [, model = '', version = ''] = /^([^@/]+)(?:@|\/v)([^@/]+)$/.exec(tag) ?? [];
  return isModelName(model) && isVersion(version) ? { model, version } : undefined;
}
