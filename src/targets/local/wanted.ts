import { createHash } from 'node:crypto';
import type { DeployRequest } from '../target.ts';
import type { LocalRevision } from './state.ts';

/** What a request asks to run, by digest; equal digests mean that nothing has to change. */
export type Wanted = Pick<LocalRevision, 'id' | 'role' | 'version' | 'packageSha256' | 'settingsSha256'>;

export function wantedOf(request: DeployRequest): Wanted {
  const { settings, role } = request;
  const version = role === 'candidate' ? request.version : null;
  const packageSha256 = request.package.sha256;
  const settingsSha256 = digest([
    settings.name,
    settings.model,
    sorted(settings.storeVariables),
    sorted(settings.handlerVariables),
  ]);
  const id = `${role}-${digest([role, version, packageSha256, settingsSha256]).slice(0, 12)}`;
  return { id, role, version, packageSha256, settingsSha256 };
}

/** Same package, settings and pin: the id is a digest of them all. */
export const isSame = (known: LocalRevision, wanted: Wanted): boolean => known.id === wanted.id;

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

const sorted = (variables: Record<string, string>): [string, string][] =>
  Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1));
