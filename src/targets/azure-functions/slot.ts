import { randomUUID } from 'node:crypto';
import { failureIn, isMissing } from '../../azure/failure.ts';
import { isUnknown } from '../../azure/retry-call.ts';
import { UnprovenError } from '../../errors.ts';
import { pause } from '../../pause.ts';
import type { DeployRequest } from '../../rollout/target.ts';
import { createApp, deleteSite, readSite } from './app.ts';
import { readSettings } from './app-settings.ts';
import { type FlexContext, sitePath, web } from './context.ts';
import { settlingUntil } from './endpoint.ts';
import { forgetKeys } from './keys.ts';
import { alone } from './lease.ts';
import { syncTriggers } from './listed.ts';
import { slotName } from './names.ts';
import { runsIn, runsVariable, stickyVariables } from './premium.ts';
import { giveSlotRoles, takeSlotRoles } from './queue.ts';
import { movedError, whileThere } from './refusal.ts';
import { type Site, siteUrl } from './resources.ts';
import { removeRoles } from './roles.ts';
import { runFromUrl } from './run-from-url.ts';
import type { FlexRevision, FlexState, Wish } from './state.ts';
import { forgetUnused } from './unused-packages.ts';
import { revisionVariable } from './wanted.ts';

/*
 * On Premium a new live revision goes into a slot of the live app, is proven there, and changes places with what is live. What
 * was live stays in the slot: swapping again is the way back.
 */

/** How long a swap whose end was not reported may take to show, ms. */
const unseenMs = 10_000;
const betweenMs = 500;

/** What the slot has, as settings tell; undefined where there is no slot, or nothing of ours that follows the pointer. */
export async function readSlot(context: FlexContext, live: string): Promise<FlexRevision | undefined> {
  const settings = await settingsOf(context, slotName(live));
  const runs = runsIn(settings);
  if (!runs || settings[revisionVariable] !== runs.revision || settings['MODEL_VERSION'] !== undefined)
    return undefined;
  const { revision: id, packageSha256, settingsSha256 } = runs;
  return {
    ...{ id, site: slotName(live), role: 'live', version: null, url: undefined },
    packageSha256,
    settingsSha256,
  };
}

const settingsOf = async (context: FlexContext, site: string): Promise<Record<string, string>> => {
  try {
    return await readSettings(context, site);
  } catch (error) {
    if (isMissing(error)) return {};
    throw error;
  }
};

/**
 * Makes the slot, and all of it again where it is there: a run that was killed may have begun it. What was in it is gone then,
 * so nothing of a release before the last can be swapped back. Only while the live app runs what was decided on.
 */
export async function publishToSlot(
  context: FlexContext,
  state: FlexState,
  wish: Wish,
  { request, revision }: { request: Pick<DeployRequest, 'settings'>; revision: string },
): Promise<Site> {
  const site = slotName(state.site);
  const of = { ...request.settings, name: state.name };
  const work = async (): Promise<Site> => {
    const now = await readSettings(context, state.site);
    if ((now[revisionVariable] ?? '') !== (state.live?.id ?? '')) throw movedError(state.site);
    context.moved.set(site, { reports: revision, until: settlingUntil() });
    const before = await readSlot(context, state.site);
    const made = await createApp(context, { site, of, app: { role: 'next', version: null } }, {});
    await giveSlotRoles(context, state, made, request.settings.storeVariables);
    const body = { properties: { appSettingNames: stickyVariables } };
    await context.arm.send('PUT', `${sitePath(context, state.site)}/config/slotConfigNames`, { apiVersion: web, body });
    await runFromUrl(context, site, wish, randomUUID());
    const isOther = before !== undefined && before.packageSha256 !== wish.packageSha256;
    if (isOther) await forgetUnused(context, site, before.packageSha256);
    context.moved.set(site, { reports: revision, until: settlingUntil() });
    return made;
  };
  return whileThere(() => alone(context, state.site, work));
}

/**
 * Has the slot and what is live change places: only while the one has what is to be live, and the other what was decided on.
 * Throws MovedError where that is no longer so, and UnprovenError where the slot does not start.
 */
export async function swapLive(
  context: FlexContext,
  state: FlexState,
  from: FlexRevision,
  to: FlexRevision,
): Promise<FlexRevision> {
  const { site } = state;
  return whileThere(() =>
    alone(context, site, async () => {
      const [up, down] = [await readSettings(context, slotName(site)), await readSettings(context, site)];
      if (up[revisionVariable] !== to.id || (down[revisionVariable] ?? '') !== from.id) throw movedError(site);
      context.log.info(`Swapping the slot of ${site} with what is live.`);
      await swap(context, site, up[runsVariable] ?? '');
      context.moved.set(site, { reports: to.id, until: settlingUntil() });
      if (context.settings.queue) await syncTriggers(context, site);
      const found = state.sites.get(site);
      return { ...to, site, url: found && siteUrl(found), wish: undefined };
    }),
  );
}

/** One swap, and never a second for an answer that was lost: that would be the way back. What counts is what is live then. */
async function swap(context: FlexContext, site: string, runs: string): Promise<void> {
  const until = performance.now() + unseenMs;
  let isCertain = true;
  try {
    const body = { targetSlot: 'production', preserveVnet: true };
    const path = `${sitePath(context, slotName(site))}/slotsswap`;
    await context.arm.send('POST', path, { apiVersion: web, body, notTwice: true });
  } catch (error) {
    const failure = failureIn(error);
    if (!failure) throw error;
    if (!isUnknown(failure)) throw failure.status === 409 || failure.status === 400 ? notSwapped(site, error) : error;
    isCertain = false;
  }
  while ((await readSettings(context, site))[runsVariable] !== runs) {
    if (isCertain || performance.now() > until) throw movedError(site);
    await pause(betweenMs, context.signal);
  }
}

const notSwapped = (site: string, cause: unknown): UnprovenError =>
  new UnprovenError('not-ready', `The slot of ${site} was not swapped: ${(cause as Error).message}`, {
    hint: 'What was live still is. Read the log of the slot for the reason, then run this again.',
    data: { site },
    cause,
  });

/** Removes the slot, if it has this revision, or whatever it has. */
export async function removeSlot(context: FlexContext, live: string, id?: string): Promise<void> {
  const site = slotName(live);
  const settings = await settingsOf(context, site);
  if (id !== undefined && settings[revisionVariable] !== id) return;
  const found = await readSite(context, site);
  if (!found) return;
  await removeRoles(context, found, settings);
  if (settings['COLDGATE_QUEUE']) await takeSlotRoles(context, live, found, settings);
  await deleteSite(context, site);
  forgetKeys(context, site);
  context.moved.delete(site);
}
