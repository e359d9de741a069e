import { ColdgateError, exitCodes } from '../../errors.ts';
import { readPackage } from '../../package/package-cache.ts';
import type { Published, Wanted } from '../../rollout/platform.ts';
import type { DeployRequest } from '../../rollout/target.ts';
import { isSame } from '../../rollout/wanted.ts';
import { createApp, ensureApp, noteRuns, readSite, runsOf } from './app.ts';
import { ensureSettings } from './app-settings.ts';
import { type FlexContext, homeOf, isPremium } from './context.ts';
import { settlingUntil } from './endpoint.ts';
import { alone } from './lease.ts';
import { candidateName, slotName } from './names.ts';
import { keepPackage } from './packages.ts';
import { ensurePlan } from './plans.ts';
import { pushPackage } from './push.ts';
import { whileThere } from './refusal.ts';
import { removeApp } from './remove.ts';
import { type Site, siteUrl } from './resources.ts';
import { runFromUrl } from './run-from-url.ts';
import { publishToSlot, removeSlot } from './slot.ts';
import type { FlexRevision, FlexState, Wish } from './state.ts';
import { type AppRole, variablesOf } from './wanted.ts';

export type Request = Pick<DeployRequest, 'settings' | 'package'>;

/**
 * Makes the app of a candidate, or the first live one, and publishes to it. Where a live one is there nothing is changed yet:
 * an app runs one revision, so `shift` replaces what callers reach.
 * @param replaced what it takes the place of; an equal revision does not work, and is published again
 */
export async function publish(
  context: FlexContext,
  state: FlexState,
  wanted: Wanted,
  request: Request,
  replaced?: FlexRevision,
): Promise<Published<FlexRevision>> {
  const { role, version, revision } = wanted;
  const site = version === null ? state.site : candidateName(state.site, version);
  const wish = await wishOf(context, wanted, request, replaced);
  const made = { ...{ id: revision, site, role, version }, ...identityOf(wanted), url: undefined, wish };
  if (role === 'live' && state.live) {
    if (!isPremium(context.settings)) return { revision: made, fresh: true, inPlace: true };
    const slot = await orNothing(context, () => publishToSlot(context, state, wish, { request, revision }), {
      undo: () => alone(context, state.site, () => removeSlot(context, state.site)),
    });
    return { revision: { ...made, site: slotName(site), url: siteUrl(slot) }, fresh: true };
  }
  const isNew = !state.sites.has(site);
  const run = () => runIn(context, state, { site, wish, request, app: { role, version }, revision });
  const found = await orNothing(context, run, { undo: () => (isNew ? removeBegun(context, site) : undefined) });
  const url = siteUrl(found);
  const deployed: FlexRevision = { ...made, url };
  state.sites.set(site, found);
  if (role === 'live') state.live = deployed;
  return { revision: deployed, fresh: true };
}

/** Nothing half made stays of what Azure refuses, or what does not start; a run that was ended leaves it to the next. */
async function orNothing<T>(
  { log, signal }: FlexContext,
  work: () => Promise<T>,
  { undo }: { undo: () => Promise<unknown> | undefined },
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isFinal = error instanceof ColdgateError && error.exit !== exitCodes.unexpected;
    if (!isFinal || signal.aborted) throw error;
    await undo()?.catch((failure: Error) => log.debug(`What was begun stays: ${failure.message}`));
    throw error;
  }
}

/** Removes what this run has begun to make; not what another one has finished since. */
async function removeBegun(context: FlexContext, site: string): Promise<void> {
  const found = await readSite(context, site);
  if (!found || !runsOf(found)) await removeApp(context, site);
}

const identityOf = ({ packageSha256, settingsSha256 }: Wanted) => ({ packageSha256, settingsSha256 });

async function wishOf(
  context: FlexContext,
  wanted: Wanted,
  request: Request,
  replaced: FlexRevision | undefined,
): Promise<Wish> {
  const { package: from, settings } = request;
  return {
    variables: await variablesOf(context, settings, wanted),
    ...identityOf(wanted),
    bytes: () => readPackage(from),
    request,
    anew: replaced !== undefined && isSame(replaced, wanted),
  };
}

interface Running {
  site: string;
  wish: Wish;
  request: Request;
  app: AppRole;
  revision: string;
}

/** Makes an app, or takes up one that is there, and has it run the package and the settings. */
export async function runIn(context: FlexContext, state: FlexState, running: Running): Promise<Site> {
  const { site, wish, request, app, revision } = running;
  const of = { ...request.settings, name: state.name };
  await ensurePlan(context, { site, of, app }, state.plans.get(homeOf(context, site)));
  const work = async (): Promise<Site> => {
    context.moved.set(site, { reports: revision, until: settlingUntil() });
    const known = state.sites.get(site);
    const runs = known && runsOf(known);
    // One that was never published to may lack anything: all of it is made again.
    const found = known && runs ? (await ensureApp(context, { site, of, app }, known)).site : undefined;
    const hasPremium = isPremium(context.settings);
    if (found && !hasPremium) await ensureSettings(context, site, wish.variables);
    // On Premium settings name the package, which cannot be read before the app has its roles.
    const now = found ?? (await createApp(context, { site, of, app }, hasPremium ? {} : wish.variables));
    if (hasPremium) await runFromUrl(context, site, wish);
    else if (!runs || wish.anew || runs.packageSha256 !== wish.packageSha256) {
      const bytes = await wish.bytes();
      if (app.role === 'live') await keepPackage(context, site, wish.packageSha256, bytes);
      await pushPackage(context, now, bytes);
    }
    context.moved.set(site, { reports: revision, until: settlingUntil() });
    await noteRuns(context, now, { ...wish, revision });
    return now;
  };
  return whileThere(() => alone(context, site, work));
}
