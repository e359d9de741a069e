import type { Change, DeployRequest, Revision, TargetState } from '../target.ts';
import { wayTo } from './address.ts';
import { revisionOf } from './deploy.ts';
import { plannedSettings } from './function-settings.ts';
import { candidateAlias, functionName, isCandidateAlias } from './names.ts';
import { type FunctionState, isSame, observe, versionOf } from './observe.ts';
import { wantedOf } from './wanted.ts';
import type { World } from './world.ts';

/** Revisions that answer: an alias that names one of our versions of the alias' own kind, with an address. */
export async function describeFunction(world: World, name: string): Promise<TargetState> {
  const state = await observe(world, name);
  if (!state) return { live: undefined, candidates: [] };
  const candidates = [...state.aliases.keys()].filter(isCandidateAlias).flatMap((alias) => {
    const revision = revisionAt(world, state, alias, 'candidate');
    return revision ? [revision] : [];
  });
  candidates.sort((a, b) => Number(a.id) - Number(b.id));
  return { live: revisionAt(world, state, world.settings.alias, 'live'), candidates };
}

function revisionAt(world: World, state: FunctionState, alias: string, role: Revision['role']): Revision | undefined {
  const version = versionOf(state, alias);
  const addresses = {
    none: `${state.arn}:${alias}`,
    'http-api': state.api?.ApiEndpoint,
    'function-url': state.urls.get(alias)?.FunctionUrl?.replace(/\/$/, ''),
  };
  const url = addresses[wayTo(world, alias)];
  return version?.mark?.role === role && url ? revisionOf(version, url) : undefined;
}

/** What `deploy` or `route` would do, without doing it. */
export async function planFunction(world: World, request: DeployRequest): Promise<Change[]> {
  const name = functionName(request.settings.name);
  const wanted = wantedOf(world.settings, request);
  const state = await observe(world, name);
  const what = `${wanted.role} of ${name}${wanted.version === null ? '' : ` ${wanted.version}`}`;
  const alias = wanted.role === 'live' ? world.settings.alias : candidateAlias(request.version);
  const known = state && versionOf(state, alias);
  if (!state || !known?.mark) return [{ action: 'create', what }];
  const changes: Change[] = [];
  const update = (text: string): void => void changes.push({ action: 'update', what: `${what}: ${text}` });
  const short = (digest: string): string => digest.slice(0, 12);
  if (known.packageSha256 !== wanted.packageSha256) {
    update(`package ${short(known.packageSha256)} -> ${short(wanted.packageSha256)}`);
  }
  if (known.mark.settingsSha256 !== wanted.settingsSha256) {
    update(`settings ${short(known.mark.settingsSha256)} -> ${short(wanted.settingsSha256)}`);
  }
  for (const text of plannedSettings(world, state))
    changes.push({ action: 'update', what: `function ${name}: ${text}` });
  if (changes.length === 0 && !isSame(known, wanted)) update('publish it again, its alias names another version');
  return changes.length > 0 ? changes : [{ action: 'none', what: `${what} as version ${known.number}` }];
}
