import { createHash } from 'node:crypto';
import type { Deployed, Identity, Platform, Role, Wanted } from './platform.ts';
import type { DeployRequest, Revision } from './target.ts';

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** What a request asks for in a role. The revision is a digest of the whole identity, so equal requests share it. Pure. */
export function wantedOf(platform: Pick<Platform, 'settingsOf'>, request: DeployRequest, role: Role): Wanted {
  const version = role === 'candidate' ? request.version : null;
  const packageSha256 = request.package.sha256;
  const settingsSha256 = digest(platform.settingsOf(request));
  const revision = `${role}-${digest([role, version, packageSha256, settingsSha256]).slice(0, 12)}`;
  return { role, version, packageSha256, settingsSha256, revision };
}

/** Keys in a stable order, for `settingsOf`. */
export const sortedEntries = (record: object): [string, unknown][] =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));

/** Same role, pin, package and settings: nothing has to change. */
export const isSame = (known: Identity, wanted: Identity): boolean =>
  known.role === wanted.role &&
  known.version === wanted.version &&
  known.packageSha256 === wanted.packageSha256 &&
  known.settingsSha256 === wanted.settingsSha256;

/** The revision as verbs see it. */
export const toRevision = ({ id, role, version, packageSha256, settingsSha256 }: Deployed, url: string): Revision => ({
  id,
  role: role === 'live' ? 'live' : 'candidate',
  version,
  url,
  packageSha256,
  settingsSha256,
});
