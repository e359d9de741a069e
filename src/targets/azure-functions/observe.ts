import { checkOwned, listSites, runsOf } from './app.ts';
import { readSettings } from './app-settings.ts';
import { holds } from './compare.ts';
import { type FlexContext, isPremium, web } from './context.ts';
import { nodeVersions } from './facts.ts';
import { siteName } from './names.ts';
import { runsIn } from './premium.ts';
import { functionTag, type Plan, roleTag, type Site, siteUrl, untilTag, versionTag } from './resources.ts';
import { readSlot } from './slot.ts';
import type { FlexRevision, FlexState } from './state.ts';
import { revisionVariable } from './wanted.ts';

/**
 * Reads all of a function: the lists of plans and apps of the resource group, and the settings of the live app. Nothing where
 * there is nothing of it, not even of a run that was killed. Throws ColdgateError `foreign-function` (exit 2).
 */
export async function observe(context: FlexContext, name: string): Promise<FlexState | undefined> {
  const live = siteName(context.settings, name);
  const [plans, sites] = await Promise.all([listPlans(context), listSites(context)]);
  const taken = sites.find((one) => one.name.toLowerCase() === live);
  if (taken) checkOwned(taken);
  const isOfIt = ({ tags }: Site | Plan): boolean => tags?.[functionTag] === name;
  const own = new Map(sites.filter(isOfIt).map((one) => [one.name, one]));
  const ownPlans = new Map(plans.filter(isOfIt).map((one) => [one.name.replace(/-plan$/, ''), one]));
  if (own.size === 0 && ownPlans.size === 0) return undefined;
  const settings = own.has(live) ? await readSettings(context, live) : {};
  const beside = own.has(live) && isPremium(context.settings) ? await readSlot(context, live) : undefined;
  return stateOf(context, { name, site: live, sites: own, plans: ownPlans, settings }, beside);
}

/** What is there, before anything was made. */
export const nothingOf = (context: FlexContext, name: string): FlexState =>
  stateOf(context, {
    ...{ name, site: siteName(context.settings, name), settings: {} },
    ...{ sites: new Map(), plans: new Map() },
  });

const listPlans = (context: FlexContext): Promise<Plan[]> =>
  context.arm.list<Plan>(`${context.group}/providers/Microsoft.Web/serverfarms`, { apiVersion: web });

/** The apps as a rollout looks at them. */
function stateOf(
  context: FlexContext,
  seen: Pick<FlexState, 'name' | 'site' | 'sites' | 'plans' | 'settings'>,
  beside?: FlexRevision,
): FlexState {
  const { name, site, sites, settings } = seen;
  const serving = sites.get(site);
  const live = serving && liveOf(serving, settings);
  const former = beside ?? context.former.get(name)?.revision;
  const candidates = [...sites.values()].flatMap((one) => candidateOf(one) ?? []);
  return {
    ...seen,
    live,
    candidates: candidates.sort((a, b) => ((a.version ?? '') < (b.version ?? '') ? -1 : 1)),
    revisions: [...(live ? [live] : []), ...(former && former.id !== live?.id ? [former] : [])],
    surplus: surplusApps(context, seen).length,
  };
}

/**
 * What the live app runs. Nothing where it was never published to; a revision without a role where its settings are of
 * another revision than was noted, because a run was killed in between, or someone has changed them or its version of Node.
 */
function liveOf(site: Site, settings: Record<string, string>): FlexRevision | undefined {
  const noted = runsOf(site);
  if (!noted) return undefined;
  const runs = runsIn(settings) ?? noted;
  const reports = settings[revisionVariable] ?? '';
  const isAsNoted = reports === runs.revision && hasOurNode(site);
  return {
    ...{ id: reports, site: site.name, role: isAsNoted ? 'live' : undefined, version: null },
    packageSha256: isAsNoted ? runs.packageSha256 : '',
    settingsSha256: isAsNoted ? runs.settingsSha256 : '',
    url: siteUrl(site),
  };
}

/**
 * Whether an app has a version of Node that packages are made for. Azure takes any other, and the host then never starts: the
 * app is changed before anything is published to it.
 */
function hasOurNode({ properties }: Site): boolean {
  const runtime = properties?.functionAppConfig?.runtime;
  const stack = runtime
    ? `${runtime.name}|${runtime.version}`
    : String(properties?.siteConfig?.['linuxFxVersion'] ?? '');
  return stack === '' || nodeVersions.some((version) => holds(stack, `node|${version}`));
}

function candidateOf(site: Site): FlexRevision | undefined {
  const { tags } = site;
  const version = tags?.[versionTag];
  const runs = runsOf(site);
  if (tags?.[roleTag] !== 'candidate' || version === undefined || !runs || !hasOurNode(site)) return undefined;
  const { revision, packageSha256, settingsSha256 } = runs;
  return {
    id: revision,
    site: site.name,
    role: 'candidate',
    version,
    packageSha256,
    settingsSha256,
    url: siteUrl(site),
  };
}

/**
 * Apps and plans that are no longer needed: samples of this run, and of others once their time is over; candidates that were never
 * finished, once theirs is.
 */
export function surplusApps(
  { now, samples }: Pick<FlexContext, 'now' | 'samples'>,
  { site: live, sites, plans }: Pick<FlexState, 'site' | 'sites' | 'plans'>,
): string[] {
  const own = new Set([...samples.values()].map(({ site }) => site));
  const isOver = (name: string): boolean =>
    !(Date.parse((plans.get(name) ?? sites.get(name))?.tags?.[untilTag] ?? '') > now().getTime());
  const names = new Set([...plans.keys(), ...sites.keys()]);
  return [...names].filter((name) => {
    if (name === live) return false;
    if (own.has(name)) return true;
    const site = sites.get(name);
    const isSample = (site ?? plans.get(name))?.tags?.[roleTag] === 'sample';
    return (isSample || !site || !runsOf(site)) && isOver(name);
  });
}
