import { isMissing } from '../../azure/failure.ts';
import { ColdgateError, exitCodes } from '../../errors.ts';
import type { Change, QueueState } from '../../rollout/target.ts';
import { mergeTags, readSite } from './app.ts';
import { readSettings } from './app-settings.ts';
import { type FlexContext, isPremium } from './context.ts';
import { digestOf } from './differing.ts';
import { accountId } from './facts.ts';
import { syncTriggers } from './listed.ts';
import { slotName } from './names.ts';
import { poisonOf, queueNameOf } from './queue-settings.ts';
import { queueTag, type Site } from './resources.ts';
import { type Grant, giveRoles, takeRoles, writerOf } from './roles.ts';
import type { FlexState } from './state.ts';

const apiVersion = '2023-05-01';

/** What the live app has, by a digest of its queues and roles: one that was begun and may not be whole has a `?` behind it. */
const notedIn = (site: Pick<Site, 'tags'> | undefined): string => site?.tags?.[queueTag] ?? '';

const liveSite = ({ sites, site }: FlexState): Site | undefined => sites.get(site);

interface Queue {
  properties?: { metadata?: Record<string, string> | null; approximateMessageCount?: number | null } | null;
}

const pathOf = (context: FlexContext, queue: string): string =>
  `${accountId(context, context.settings.storageAccount)}/queueServices/default/queues/${queue}`;

const queuesOf = (site: string): string[] => [queueNameOf(site), poisonOf(queueNameOf(site))];

/** What the app's own identity needs for them: messages of both queues, and results in the store. */
const grantsOf = (context: FlexContext, site: string, store: Record<string, string>): Grant[] => [
  ...queuesOf(site).map((queue): Grant => ({ role: 'messenger', scope: pathOf(context, queue) })),
  ...writerOf(context, store),
];

/**
 * The live app, and on Premium its slot: what has changed places with what was live may go on for a while as whom it has begun.
 */
async function holdersOf(context: FlexContext, site: Site): Promise<Site[]> {
  const slot = isPremium(context.settings) ? await readSite(context, slotName(site.name)) : undefined;
  return slot ? [site, slot] : [site];
}

/** Gives a new slot the roles on the queue that its live app has. */
export async function giveSlotRoles(
  context: FlexContext,
  state: FlexState,
  slot: Site,
  store: Record<string, string>,
): Promise<void> {
  const note = notedIn(liveSite(state));
  if (note === '' || note !== wantedNote(context, state.site)) return;
  await giveRoles(context, slot, grantsOf(context, state.site, store));
}

/** Takes the roles on the queue from a slot that is to go. */
export const takeSlotRoles = (context: FlexContext, live: string, slot: Site, store: Record<string, string>) =>
  takeRoles(context, slot, grantsOf(context, live, store));

const wantedNote = ({ settings }: FlexContext, site: string): string =>
  settings.queue ? digestOf([settings.storageAccount, settings.identity, site], 8) : '';

/**
 * Gives the live app its queue, one for what fails for good, and the roles on them; the trigger is in the package, and works
 * where settings name a queue. Without `queue:` all of it goes, unless something is in it. Returns true if anything was
 * changed.
 */
export async function ensureQueue(context: FlexContext, state: FlexState): Promise<boolean> {
  const site = liveSite(state);
  if (!site) return false;
  const [before, wanted] = [notedIn(site), wantedNote(context, site.name)];
  if (before === wanted) return false;
  if (wanted === '') {
    const { waiting = 0, dead = 0 } = (await queueState(context, state)) ?? {};
    if (waiting + dead > 0) {
      const what = `${waiting + dead} messages are in ${queuesOf(site.name).join(' and ')}`;
      context.log.warn(`The queue of ${state.name} is kept: ${what}. Put queue: back to have them done.`);
      return false;
    }
    await endQueue(context, state);
    await mergeTags(context, site, { [queueTag]: '' });
    return true;
  }
  // Noted first: a run that is killed must leave a way to what it has made.
  await mergeTags(context, site, { [queueTag]: `${wanted}?` });
  if (before === '') context.log.info(`Creating the queue of ${state.name}.`);
  for (const queue of queuesOf(site.name)) await ensureOne(context, queue, state.name);
  const store = await readSettings(context, site.name);
  for (const one of await holdersOf(context, site)) await giveRoles(context, one, grantsOf(context, site.name, store));
  if (isPremium(context.settings)) await syncTriggers(context, site.name);
  await mergeTags(context, site, { [queueTag]: wanted });
  return true;
}

async function ensureOne(context: FlexContext, queue: string, owner: string): Promise<void> {
  const path = pathOf(context, queue);
  const found = await context.arm.find<Queue>(path, { apiVersion });
  if (found && found.body.properties?.metadata?.['coldgate'] !== owner) throw foreign(queue);
  if (found) return;
  const body = { properties: { metadata: { coldgate: owner } } };
  await context.arm.send('PUT', path, { apiVersion, body });
}

/** Removes the queue of a function, whose app is to go, with its messages and roles. */
export async function endQueue(context: FlexContext, state: FlexState): Promise<Change[]> {
  const site = liveSite(state);
  if (!site || notedIn(site) === '') return [];
  const grants = grantsOf(context, site.name, await readSettings(context, site.name));
  for (const one of await holdersOf(context, site)) await takeRoles(context, one, grants);
  for (const queue of queuesOf(site.name)) {
    try {
      await context.arm.send('DELETE', pathOf(context, queue), { apiVersion });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return foundQueue(state);
}

/** What `endQueue` would remove. */
export function foundQueue(state: FlexState | undefined): Change[] {
  const site = state && liveSite(state);
  if (!site || notedIn(site) === '') return [];
  return queuesOf(site.name).map((queue) => ({ action: 'delete', what: `the queue ${queue} with its messages` }));
}

/** What a release would do, in words. */
export function plannedQueue(context: FlexContext, state: FlexState): string[] {
  const site = liveSite(state);
  const [before, wanted] = [notedIn(site), site ? wantedNote(context, site.name) : ''];
  if (!site || before === wanted) return [];
  return [
    `queue ${queueNameOf(site.name)}: ${wanted === '' ? 'remove it' : before === '' ? 'create it' : 'change it'}`,
  ];
}

/** How many messages there are, about. */
export async function queueState(context: FlexContext, state: FlexState): Promise<QueueState | undefined> {
  const site = liveSite(state);
  if (!site || notedIn(site) === '') return undefined;
  const count = async (queue: string): Promise<number> =>
    (await context.arm.find<Queue>(pathOf(context, queue), { apiVersion }))?.body.properties?.approximateMessageCount ??
    0;
  const [waiting = 0, dead = 0] = await Promise.all(queuesOf(site.name).map(count));
  // Azure counts what is worked on with what waits.
  return { waiting, working: 0, dead };
}

function foreign(queue: string): ColdgateError {
  const text = `There is a queue ${queue} that Coldgate has not made, so it is left alone.`;
  const hint = 'Remove it: az storage queue delete.';
  return new ColdgateError('foreign-queue', exitCodes.usage, text, { hint });
}
