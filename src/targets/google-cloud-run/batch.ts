import { createHash } from 'node:crypto';
import { ColdgateError, exitCodes } from '../../errors.ts';
import { failureOfStatus, GoogleFailure } from '../../google/failure.ts';
import { MovedError } from '../../rollout/platform.ts';
import type { Change } from '../../rollout/target.ts';
import type { RunContext } from './context.ts';
import { ownerLabel } from './names.ts';
import { waitForRun } from './operations.ts';
import { isMissing, toRefusal } from './refusal.ts';
import type { Operation, Service } from './resources.ts';
import type { RunState } from './state.ts';
import { update } from './update.ts';

/**
 * Triggers that a service has, or may have, as `LOCATION/ID`: the way to them when the settings no longer name a batch. One
 * that was begun and may not be there has a `?` behind it.
 */
const batchAnnotation = 'coldgate.dev/batch';

/** Where the handler takes events: src/handler/platforms/google/uploads.ts. */
const uploadPath = '/coldgate/uploads';

/** https://cloud.google.com/eventarc/docs/reference/rest/v1/projects.locations.triggers */
interface Trigger {
  labels?: Record<string, string>;
  destination?: { cloudRun?: { service?: string; region?: string; path?: string } };
}

const notedIn = ({ annotations = {} }: Service): string[] =>
  (annotations[batchAnnotation] ?? '').split(' ').filter((place) => place !== '');

const placeOf = (noted: string): string => noted.replace(/\?$/, '');

async function note(context: RunContext, state: RunState, places: readonly string[]): Promise<boolean> {
  if (places.join(' ') === notedIn(state.service).join(' ')) return false;
  const annotations = { ...state.service.annotations, [batchAnnotation]: places.join(' ') };
  await update(context, state, { annotations }, `the note of the trigger of ${state.name}`);
  return true;
}

interface WantedTrigger extends Trigger {
  /** `LOCATION/ID`. Triggers are named by what they do, and are never changed. */
  place: string;
}

function wantedTrigger({ settings }: RunContext, service: string): WantedTrigger | undefined {
  const { batch, region, serviceAccount } = settings;
  if (!batch) return undefined;
  const what = {
    eventFilters: [
      { attribute: 'type', value: 'google.cloud.storage.object.v1.finalized' },
      { attribute: 'bucket', value: batch.bucket },
    ],
    serviceAccount,
    destination: { cloudRun: { service, region, path: uploadPath } },
  };
  const digest = createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 8);
  const place = `${batch.location ?? region}/${service}-${digest}`;
  return { ...what, labels: { [ownerLabel]: service }, place };
}

/**
 * Has Eventarc tell the service of uploads to the bucket of the batch, and ends what former settings have set up: the new
 * trigger is there before the old one goes, and results are created once however often an upload is reported.
 * Returns true if anything was changed.
 */
export async function ensureBatch(context: RunContext, state: RunState): Promise<boolean> {
  const wanted = wantedTrigger(context, state.name);
  const before = notedIn(state.service);
  const after = wanted ? [wanted.place] : [];
  if (before.join(' ') === after.join(' ')) return false;
  const others = before.map(placeOf).filter((place) => place !== wanted?.place);
  if (wanted) {
    // Noted first: a run that is killed must leave a way to what it has made.
    await note(context, state, [...others, `${wanted.place}?`]);
    await create(context, wanted, state.name);
  }
  for (const place of others) await remove(context, place);
  await note(context, state, after);
  return true;
}

/** Removes every trigger of a function, which is to go. */
export async function endBatch(context: RunContext, { service }: RunState): Promise<Change[]> {
  const places = notedIn(service).map(placeOf);
  for (const place of places) await remove(context, place);
  return places.map(changeOf);
}

/** What `endBatch` would remove. */
export const foundBatch = (state: RunState | undefined): Change[] =>
  state ? notedIn(state.service).map(placeOf).map(changeOf) : [];

/** What a release would do, in words. */
export function plannedBatch(context: RunContext, { name, service }: RunState): string[] {
  const wanted = wantedTrigger(context, name);
  const [before, after] = [notedIn(service), wanted ? [wanted.place] : []];
  const made = after.filter((place) => !before.includes(place)).map((place) => `trigger ${place}: create it`);
  const gone = before.map(placeOf).filter((place) => !after.includes(place));
  return [...made, ...gone.map((place) => `trigger ${place}: remove it`)];
}

const changeOf = (place: string): Change => ({ action: 'delete', what: `the Eventarc trigger ${place}` });

const parentOf = ({ settings }: RunContext, place: string): string =>
  `projects/${settings.project}/locations/${place.split('/')[0]}`;
const idOf = (place: string): string => place.split('/')[1] ?? '';
const pathOf = (context: RunContext, place: string): string => `${parentOf(context, place)}/triggers/${idOf(place)}`;
const urlOf = ({ api }: RunContext, path: string): string => `${api('eventarc')}/v1/${path}`;

async function create(context: RunContext, { place, ...trigger }: WantedTrigger, service: string): Promise<void> {
  const path = pathOf(context, place);
  const url = `${urlOf(context, `${parentOf(context, place)}/triggers`)}?triggerId=${idOf(place)}`;
  const requestContext = { permission: 'eventarc.triggers.create', resource: path };
  context.log.info(`Creating the Eventarc trigger ${place}, which tells ${service} of uploads.`);
  const json = { name: path, ...trigger };
  try {
    await ended(context, await context.calls.send<Operation>({ method: 'POST', url, json }, requestContext), place);
  } catch (error) {
    if (!(error instanceof MovedError) || isMissing(error)) throw refusal(context, error, place);
    // By a run whose answer was lost, or by someone else.
    await checkOurs(context, place, service);
  }
}

async function checkOurs(context: RunContext, place: string, service: string): Promise<void> {
  const path = pathOf(context, place);
  const requestContext = { permission: 'eventarc.triggers.get', resource: path };
  const found = await context.calls.send<Trigger>({ method: 'GET', url: urlOf(context, path) }, requestContext);
  if (found.destination?.cloudRun?.service === service) return;
  const text = `There is an Eventarc trigger ${place} that Coldgate has not made, so it is left alone.`;
  throw new ColdgateError('foreign-trigger', exitCodes.usage, text, {
    hint: `Remove it: gcloud eventarc triggers delete ${idOf(place)} --location=${place.split('/')[0]}`,
  });
}

async function remove(context: RunContext, place: string): Promise<void> {
  const path = pathOf(context, place);
  const requestContext = { permission: 'eventarc.triggers.delete', resource: path };
  try {
    const begun = await context.calls.send<Operation>({ method: 'DELETE', url: urlOf(context, path) }, requestContext);
    await ended(context, begun, place);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

async function ended(context: RunContext, begun: Operation, place: string): Promise<void> {
  const requestContext = { permission: 'eventarc.operations.get', resource: begun.name };
  const { error } = begun.done
    ? begun
    : await waitForRun(context, `Eventarc is not done with the trigger ${place}`, async () => {
        const url = urlOf(context, begun.name);
        const now = await context.calls.send<Operation>({ method: 'GET', url }, requestContext);
        return now.done ? now : undefined;
      });
  if (error) throw toRefusal(failureOfStatus(error), requestContext, undefined);
}

/** Google says in a 400 that its own accounts lack rights, and where the bucket is. */
function refusal(context: RunContext, error: unknown, place: string): unknown {
  const { cause = error } = error as Error;
  if (!(cause instanceof GoogleFailure) || cause.status !== 400) return error;
  const { message } = cause;
  if (/location/i.test(message)) {
    const text = `Eventarc takes no trigger in ${place.split('/')[0]} for gs://${context.settings.batch?.bucket}: ${message}`;
    const hint = 'Set batch.location to the location of the bucket: eu for a bucket in the EU multi-region.';
    return new ColdgateError('request-refused', exitCodes.usage, text, { cause, hint });
  }
  if (!/permission|unable to publish|service agent/i.test(message)) return error;
  const text = `Google’s own accounts may not deliver uploads yet: ${message}`;
  const hint = 'Run what coldgate doctor --suggest prints under batch-events. A new grant takes some minutes to count.';
  return new ColdgateError('permission-denied', exitCodes.denied, text, { cause, hint });
}
