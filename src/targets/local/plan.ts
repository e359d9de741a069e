import type { Change, DeployRequest } from '../target.ts';
import { placeOf } from './place.ts';
import { type LocalRevision, readState, urlOf } from './state.ts';
import { processOf } from './sweep.ts';
import { wantedOf } from './wanted.ts';
import type { World } from './world.ts';

/** What `deploy` or `route` would do, without doing it. */
export async function planLocal(world: World, request: DeployRequest): Promise<Change[]> {
  const place = await placeOf(world.stateDir, request.settings.name);
  const { revisions } = await readState(place.state);
  const wanted = wantedOf(request);
  const known = revisions.find((r) => r.role === wanted.role && r.version === wanted.version);
  const runs = known !== undefined && processOf(world, place, known) !== undefined;
  const configured = wanted.role === 'live' ? world.port : undefined;
  return changesBetween(place.name, known, wanted, { runs, configured });
}

/** The difference in words. Pure. */
export function changesBetween(
  name: string,
  known: LocalRevision | undefined,
  wanted: Pick<LocalRevision, 'role' | 'version' | 'packageSha256' | 'settingsSha256'>,
  now: { runs: boolean; configured: number | undefined },
): Change[] {
  const what = `${wanted.role} of ${name}${wanted.version === null ? '' : ` ${wanted.version}`}`;
  if (!known) return [{ action: 'create', what }];
  const short = (digest: string): string => digest.slice(0, 12);
  const changes: Change[] = [];
  const update = (text: string): void => void changes.push({ action: 'update', what: `${what}: ${text}` });
  if (known.packageSha256 !== wanted.packageSha256) {
    update(`package ${short(known.packageSha256)} -> ${short(wanted.packageSha256)}`);
  }
  if (known.settingsSha256 !== wanted.settingsSha256) {
    update(`settings ${short(known.settingsSha256)} -> ${short(wanted.settingsSha256)}`);
  }
  if (now.configured !== undefined && known.port !== now.configured) update(`port ${known.port} -> ${now.configured}`);
  if (!now.runs) update('start again, its process has ended');
  return changes.length > 0 ? changes : [{ action: 'none', what: `${what} at ${urlOf(known.port)}` }];
}
