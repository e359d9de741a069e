import type { Change } from '../../rollout/target.ts';
import { removeApims, removeCandidateRevision } from './apim-address.ts';
import { deleteSite, listSites, readSite, runsOf } from './app.ts';
import { readSettings } from './app-settings.ts';
import { removeContainer } from './containers.ts';
import { type FlexContext, homeOf, isPremium, planPath, sitePath, web } from './context.ts';
import { forgetKeys } from './keys.ts';
import { alone } from './lease.ts';
import { isSlot } from './names.ts';
import { surplusApps } from './observe.ts';
import { deletePlan } from './plans.ts';
import { roleTag, versionTag } from './resources.ts';
import { removeRoles } from './roles.ts';
import { removeSlot } from './slot.ts';
import type { FlexRevision, FlexState } from './state.ts';
import { forgetUnused } from './unused-packages.ts';

/**
 * Removes an app with all that belongs to it; what is gone already is fine. Its roles go first, while its identity is known,
 * and its plan last, by which a run that was killed is found.
 */
export async function removeApp(context: FlexContext, site: string): Promise<void> {
  const found = await readSite(context, site);
  if (found) {
    const isSystem = /SystemAssigned/i.test(found.identity?.type ?? '');
    if (isSystem) await removeRoles(context, found, await readSettings(context, site));
    if (isPremium(context.settings) && site === homeOf(context, site)) await removeSlot(context, site);
    await deleteSite(context, site);
  }
  if (!(await hasNeighbours(context, site))) {
    await removeContainer(context, site);
    await deletePlan(context, site);
  }
  forgetKeys(context, site);
  context.moved.delete(site);
  context.urls.delete(site);
}

/** Whether other apps are on the plan of this one, as they may be on Premium. */
async function hasNeighbours(context: FlexContext, site: string): Promise<boolean> {
  if (!isPremium(context.settings)) return false;
  const plan = planPath(context, site).toLowerCase();
  for (const { name, properties } of await listSites(context)) {
    if (name === site || properties?.serverFarmId?.toLowerCase() !== plan) continue;
    // A list has what is gone for some seconds.
    if (await context.arm.find(sitePath(context, name), { apiVersion: web })) return true;
  }
  return false;
}

/** Removes candidates, or a first live app that did not prove itself; not an app that runs another revision by now. */
export async function retireRevisions(
  context: FlexContext,
  state: FlexState,
  revisions: readonly FlexRevision[],
): Promise<void> {
  for (const one of revisions) {
    const { site, id } = one;
    if (isSlot(site)) {
      await alone(context, state.site, () => removeSlot(context, state.site, id));
      continue;
    }
    const known = state.sites.get(site);
    if (!known || runsOf(known)?.revision !== id) continue;
    await removeCandidateRevision(context, state, one);
    if (isPremium(context.settings)) {
      await alone(context, site, () => forgetUnused(context, site, one.packageSha256));
    }
    await removeApp(context, site);
    state.sites.delete(site);
    state.plans.delete(site);
  }
}

/** Removes apps that nothing needs any more. One that cannot be removed is left to a later run. Throws only at the end of the run. */
export async function sweep(context: FlexContext, state: FlexState): Promise<void> {
  for (const site of surplusApps(context, state)) {
    context.log.debug(`Removing the app ${site}, which nothing needs.`);
    try {
      await removeApp(context, site);
      forgetSample(context, site);
    } catch (error) {
      context.signal.throwIfAborted();
      context.log.debug(`The app ${site} stays: ${(error as Error).message}`);
    }
  }
}

function forgetSample({ samples }: FlexContext, site: string): void {
  for (const [key, sample] of samples) if (sample.site === site) samples.delete(key);
}

/** Removes every app of the function. */
export async function removeAll(context: FlexContext, state: FlexState | undefined): Promise<Change[]> {
  if (!state) return [];
  const { name, sites, plans } = state;
  const names = [...new Set([...sites.keys(), ...plans.keys()])];
  const changes = names.flatMap((site): Change[] => {
    const tags = (sites.get(site) ?? plans.get(site))?.tags ?? {};
    const role = tags[roleTag];
    if (role === 'sample' || role === 'plan') return [];
    const version = tags[versionTag];
    return [{ action: 'delete', what: `${role} of ${name}${version ? ` ${version}` : ''} (app ${site})` }];
  });
  changes.unshift(...(await removeApims(context, name, state)));
  for (const site of names) {
    await removeApp(context, site);
    forgetSample(context, site);
  }
  context.former.delete(name);
  return changes;
}
