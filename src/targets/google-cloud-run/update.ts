import { GoogleFailure } from '../../google/failure.ts';
import { MovedError } from '../../rollout/platform.ts';
import { type RunContext, runUrl, servicePath } from './context.ts';
import { finished } from './operations.ts';
import type { Operation, Service, TrafficTarget } from './resources.ts';
import type { RunState } from './state.ts';
import { isSameTraffic, trafficOf } from './traffic.ts';

type Fields = Partial<Omit<Service, 'name' | 'etag'>>;

/**
 * Changes fields of the service, only as it was read: the etag goes with the call. Waits until it is done and leaves the
 * service as it is then in the state. Throws MovedError where someone else has changed it, before or during that.
 * @param what in words, for messages
 */
export async function update(context: RunContext, state: RunState, fields: Fields, what: string): Promise<void> {
  const path = servicePath(context, state.name);
  const url = runUrl(context, path, { updateMask: Object.keys(fields).join(',') });
  const asked = { permission: 'run.services.update', resource: path };
  const json = { etag: state.service.etag, ...fields };
  const begun = await context.calls.send<Operation>({ method: 'PATCH', url, json }, asked);
  try {
    await finished(context, begun, what, asked);
  } finally {
    await refresh(context, state, fields.traffic);
  }
}

/** Reads the service after a change of ours: its etag must be of what we have asked for, and of no later change. */
async function refresh(context: RunContext, state: RunState, traffic: TrafficTarget[] | undefined): Promise<void> {
  const now = await readService(context, state.name);
  const expected = traffic ?? trafficOf(state.service);
  if (!isSameTraffic(trafficOf(now), expected)) {
    throw new MovedError(new GoogleFailure(409, 'ABORTED', `${now.lastModifier ?? 'someone'} has changed ${now.name}`));
  }
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

/** Gives the service this list of traffic and tags, and nothing else. Returns whether it had another one. */
export async function setTraffic(context: RunContext, state: RunState, traffic: TrafficTarget[]): Promise<boolean> {
  if (isSameTraffic(traffic, trafficOf(state.service))) return false;
  await update(context, state, { traffic }, `the traffic of ${state.name}`);
  return true;
}
