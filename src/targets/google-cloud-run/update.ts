import { UnprovenError } from '../../errors.ts';
import { MovedError } from '../../rollout/platform.ts';
import { type RunContext, runUrl, servicePath } from './context.ts';
import { finished, waitForRun } from './operations.ts';
import { movedError } from './refusal.ts';
import { type Operation, type Service, shortName, type TrafficTarget } from './resources.ts';
import type { RunState } from './state.ts';
import { isSameTraffic, trafficOf, uriOfTag } from './traffic.ts';

type Fields = Partial<Omit<Service, 'name' | 'etag'>>;

/**
 * Changes fields of the service, only as it was read: the etag goes with the call. Waits until it is done and leaves the
 * service as it is then in the state. Throws MovedError where someone else has changed it, before or during that.
 * @param what in words, for messages
 */
export async function update(context: RunContext, state: RunState, fields: Fields, what: string): Promise<void> {
  const path = servicePath(context, state.name);
  const url = runUrl(context, path, { updateMask: Object.keys(fields).join(',') });
  const requestContext = { permission: 'run.services.update', resource: path };
  const json = { etag: state.service.etag, ...fields };
  const begun = await context.calls.send<Operation>({ method: 'PATCH', url, json }, requestContext).catch((error) => {
    if (error instanceof MovedError) return undefined;
    throw error;
  });
  if (!begun) return settleLost(context, state, fields, what);
  try {
    await finished(context, begun, what, requestContext);
  } finally {
    await refresh(context, state, fields.traffic);
  }
}

/**
 * The etag is no longer the one that was read: by someone else's change, or by this one, whose response was lost. The
 * service itself shows which. Throws MovedError for the former.
 */
async function settleLost(context: RunContext, state: RunState, fields: Fields, what: string): Promise<void> {
  const { template, traffic } = fields;
  const isOurs = (now: Service): boolean =>
    (traffic === undefined || isSameTraffic(trafficOf(now), traffic)) &&
    (template === undefined || shortName(now.latestCreatedRevision) === template.revision) &&
    (template !== undefined || traffic !== undefined);
  const now = await waitForRun(context, `${what} is not ready on Cloud Run`, async () => {
    const one = await readService(context, state.name);
    if (!isOurs(one)) throw moved(one);
    return one.reconciling ? undefined : one;
  });
  state.service = now;
  const { state: outcome, message = 'it gives no reason' } = now.terminalCondition ?? {};
  if (template === undefined || outcome !== 'CONDITION_FAILED') return;
  throw new UnprovenError('function-failed', `Cloud Run could not get ${what} ready: ${message}`, {
    hint: 'Check memory, service account and package against that reason and the log, then run this again.',
    data: { reason: message },
  });
}

const moved = ({ name, lastModifier = 'someone' }: Service): MovedError =>
  movedError(`${lastModifier} has changed ${name}`);

/** Reads the service after our change: its etag must be of this change, and of no later one. */
async function refresh(context: RunContext, state: RunState, traffic: TrafficTarget[] | undefined): Promise<void> {
  const now = await readService(context, state.name);
  if (!isSameTraffic(trafficOf(now), traffic ?? trafficOf(state.service))) throw moved(now);
  state.service = now;
}

export async function readService(context: RunContext, name: string): Promise<Service> {
  const path = servicePath(context, name);
  const call = { method: 'GET', url: runUrl(context, path) } as const;
  const service = await context.calls.send<Service>(call, { permission: 'run.services.get', resource: path });
  if (service.uri) context.uris.set(name, uriOf(service));
  return service;
}

/** Main address, without a slash at its end. */
export const uriOf = ({ uri = '' }: Service): string => uri.replace(/\/$/, '');

/**
 * The address of a tag of ours. A run that was killed may have given it a moment ago: the revision can be ready before the
 * service has done with it. Throws MovedError where someone else has taken it away.
 */
export function addressOfTag(context: RunContext, state: RunState, tag: string, revision: string): Promise<string> {
  return waitForRun(context, `the tag ${tag} is not ready on Cloud Run`, async () => {
    const known = uriOfTag(state.service, tag, revision);
    if (known !== undefined) return known;
    state.service = await readService(context, state.name);
    const now = uriOfTag(state.service, tag, revision);
    if (now === undefined && !state.service.reconciling) throw moved(state.service);
    return now;
  });
}

/** Gives the service this list of traffic and tags, and nothing else. Returns whether it had another one. */
export async function setTraffic(context: RunContext, state: RunState, traffic: TrafficTarget[]): Promise<boolean> {
  if (isSameTraffic(traffic, trafficOf(state.service))) return false;
  await update(context, state, { traffic }, `the traffic of ${state.name}`);
  return true;
}
