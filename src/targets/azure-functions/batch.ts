import { failureIn, isMissing } from '../../azure/failure.ts';
import { ColdgateError, exitCodes } from '../../errors.ts';
import { sha256 } from '../../model/digest.ts';
import type { Change } from '../../rollout/target.ts';
import { poll } from './apim-client.ts';
import { mergeTags } from './app.ts';
import type { FlexContext } from './context.ts';
import { accountId } from './facts.ts';
import { uploadKeyOf } from './keys.ts';
import { batchTag, type Site, siteUrl } from './resources.ts';
import type { FlexState } from './state.ts';

/** Where the handler takes events: src/handler/platforms/azure/uploads.ts. */
const uploadPath = '/coldgate/uploads';

/**
 * The caller looks at the subscription itself: operations on it belong to the whole subscription of Azure, which a role on a
 * storage account does not show.
 */
const call = { apiVersion: '2022-06-15', detached: true } as const;

/** How long Event Grid may take for a change, ms. */
const deadlineMs = 5 * 60_000;
/** Event Grid asks an endpoint once, and the first call of an app can be slow. */
const maxTries = 3;

/** https://learn.microsoft.com/rest/api/eventgrid/controlplane/event-subscriptions */
interface Subscription {
  properties?: { provisioningState?: string | null; labels?: string[] | null };
}

/** Subscriptions are named by what they do, and are not changed. */
interface WantedSubscription {
  /** `ACCOUNT/NAME` */
  place: string;
  endpoint: string;
  filter: object;
  /** The function. */
  owner: string;
}

/** Those that the live app has, or may have: one that was begun and may not be there has a `?` behind it. */
const notedIn = (site: Pick<Site, 'tags'> | undefined): string[] =>
  (site?.tags?.[batchTag] ?? '').split(' ').filter(Boolean);

const placeOf = (noted: string): string => noted.replace(/\?$/, '');

const liveSite = ({ sites, site }: FlexState): Site | undefined => sites.get(site);

function wantedSubscription({ settings }: FlexContext, site: Site, owner: string): WantedSubscription | undefined {
  const { batch, storageAccount } = settings;
  const url = siteUrl(site);
  if (!batch || url === undefined) return undefined;
  const endpoint = `${url}${uploadPath}`;
  const filter = {
    includedEventTypes: ['Microsoft.Storage.BlobCreated'],
    subjectBeginsWith: `/blobServices/default/containers/${batch.container}/blobs/${batch.prefix ?? ''}`,
    subjectEndsWith: batch.suffix,
    isSubjectCaseSensitive: true,
  };
  const digest = sha256(JSON.stringify([endpoint, filter])).slice(0, 8);
  return { place: `${batch.storageAccount ?? storageAccount}/${site.name}-${digest}`, endpoint, filter, owner };
}

/**
 * Has Event Grid tell the live app of uploads to the container of the batch, and ends what former settings have set up: the new
 * subscription is there before the old one goes, and results are created once however often an upload is reported.
 * Returns true if anything was changed.
 */
export async function ensureBatch(context: FlexContext, state: FlexState): Promise<boolean> {
  const site = liveSite(state);
  if (!site) return false;
  const wanted = wantedSubscription(context, site, state.name);
  const before = notedIn(site);
  const after = wanted ? [wanted.place] : [];
  if (before.join(' ') === after.join(' ')) return false;
  const others = before.map(placeOf).filter((place) => place !== wanted?.place);
  if (wanted) {
    // Noted first: a run that is killed must leave a way to what it has made.
    await note(context, site, [...others, `${wanted.place}?`]);
    await create(context, wanted, site.name);
  }
  for (const place of others) await remove(context, place);
  await note(context, site, after);
  return true;
}

async function note(context: FlexContext, site: Site, places: readonly string[]): Promise<void> {
  if (places.join(' ') === notedIn(site).join(' ')) return;
  await mergeTags(context, site, { [batchTag]: places.join(' ') });
}

/** Removes every subscription of a function, whose app is to go. */
export async function endBatch(context: FlexContext, state: FlexState): Promise<Change[]> {
  const places = notedIn(liveSite(state)).map(placeOf);
  for (const place of places) await remove(context, place);
  return places.map(changeOf);
}

/** What `endBatch` would remove. */
export const foundBatch = (state: FlexState | undefined): Change[] =>
  state ? notedIn(liveSite(state)).map(placeOf).map(changeOf) : [];

/** What a release would do, in words. */
export function plannedBatch(context: FlexContext, state: FlexState): string[] {
  const site = liveSite(state);
  if (!site) return [];
  const [before, wanted] = [notedIn(site), wantedSubscription(context, site, state.name)];
  const made = wanted && !before.includes(wanted.place) ? [`event subscription ${wanted.place}: create it`] : [];
  const gone = before.map(placeOf).filter((place) => place !== wanted?.place);
  return [...made, ...gone.map((place) => `event subscription ${place}: remove it`)];
}

const changeOf = (place: string): Change => ({ action: 'delete', what: `the Event Grid subscription ${place}` });

function pathOf(context: FlexContext, place: string): string {
  const [account = '', name = ''] = place.split('/');
  return `${accountId(context, account)}/providers/Microsoft.EventGrid/eventSubscriptions/${name}`;
}

const stateOf = (found: Subscription | undefined): string | undefined =>
  found && (found.properties?.provisioningState ?? 'Succeeded');

const isAtRest = (now: Subscription | undefined): boolean => !/ing$/.test(stateOf(now) ?? '');

async function create(context: FlexContext, wanted: WantedSubscription, site: string): Promise<void> {
  const { place, endpoint, filter, owner } = wanted;
  const path = pathOf(context, place);
  // What a run that was killed has begun goes on, and takes no change meanwhile.
  let found = await untilSettled(context, path, isAtRest);
  if (found && !found.properties?.labels?.includes(owner)) throw foreign(place);
  const key = encodeURIComponent(await uploadKeyOf(context, site));
  // Event Grid never shows the key again, so an existing subscription is given it once more.
  const destination = { endpointType: 'WebHook', properties: { endpointUrl: `${endpoint}?code=${key}` } };
  const properties = { destination, filter, labels: ['coldgate', owner], eventDeliverySchema: 'EventGridSchema' };
  context.log.info(`Creating the Event Grid subscription ${place}, which tells ${site} of uploads.`);
  for (let tries = 0; tries < maxTries; tries++) {
    // One whose endpoint did not answer stays as it is for ever.
    if (stateOf(found) === 'Failed') await remove(context, place);
    if (!(await isRefused(() => context.arm.send('PUT', path, { ...call, body: { properties } })))) {
      found = await untilSettled(context, path, isAtRest);
      if (stateOf(found) === 'Succeeded') return;
      if (stateOf(found) === 'AwaitingManualAction') await remove(context, place);
    }
    await poll(context, tries);
  }
  throw unanswered(place, endpoint);
}

/** Whether Event Grid did not get its question answered by the endpoint, which it says at once where it can. */
async function isRefused(put: () => Promise<unknown>): Promise<boolean> {
  try {
    await put();
    return false;
  } catch (error) {
    const { status, code = '', message = '' } = failureIn(error) ?? {};
    if (status === 400 && /validat/i.test(`${code} ${message}`)) return true;
    throw error;
  }
}

async function remove(context: FlexContext, place: string): Promise<void> {
  const path = pathOf(context, place);
  try {
    await context.arm.send('DELETE', path, call);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await untilSettled(context, path, (now) => now === undefined);
}

/** Looks until the subscription is as it should be, or time is up. Returns it as it is then. */
async function untilSettled(
  context: FlexContext,
  path: string,
  isSettled: (now: Subscription | undefined) => boolean,
): Promise<Subscription | undefined> {
  const until = performance.now() + deadlineMs;
  for (let looks = 0; ; looks++) {
    const now = (await context.arm.find<Subscription>(path, call))?.body;
    if (isSettled(now)) return now;
    if (performance.now() > until)
      throw new Error(`Event Grid is not done with ${path} after ${deadlineMs / 60_000} min`);
    await poll(context, looks);
  }
}

function foreign(place: string): ColdgateError {
  const text = `There is an Event Grid subscription ${place} that Coldgate has not made, so it is left alone.`;
  const hint = 'Remove it: az eventgrid event-subscription delete.';
  return new ColdgateError('foreign-subscription', exitCodes.usage, text, { hint });
}

function unanswered(place: string, endpoint: string): ColdgateError {
  const text = `Event Grid made no subscription ${place}: ${endpoint} did not answer its question whether events are wanted.`;
  const hint =
    'Event Grid calls from outside of a virtual network: look whether the app takes that, and at its log. Then run this again.';
  return new ColdgateError('uploads-unanswered', exitCodes.usage, text, { hint });
}
