import { failureOfStatus, GoogleFailure, type RpcStatus } from '../../google/failure.ts';
import { ask, find, type GatewayAccess, type GatewayCall, GatewayFailure, poll } from './gateway-client.ts';
import type { ApiResource, ConfigResource, GatewayResource } from './gateway-steps.ts';
import type { GatewayNames } from './gateway-wanted.ts';

/** How long something may be on its way, ms: large configs take ten minutes (https://cloud.google.com/api-gateway/docs/creating-api-config). */
export const maxWaitMs = 15 * 60_000;

const get = (path: string, query?: Record<string, string>): GatewayCall => ({
  ...{ api: 'apigateway', method: 'GET', path },
  ...(query && { query }),
});

export const findGateway = (access: GatewayAccess, { gateway }: GatewayNames): Promise<GatewayResource | undefined> =>
  find(access, get(gateway));

export const findApi = (access: GatewayAccess, { api }: GatewayNames): Promise<ApiResource | undefined> =>
  find(access, get(api));

/** Every config of the API; none where there is no API. */
export const listConfigs = (access: GatewayAccess, { api }: GatewayNames): Promise<ConfigResource[]> =>
  listAll<ConfigResource>(access, `${api}/configs`, 'apiConfigs');

/** Gateways of every region. Throws GatewayFailure where a region could not be asked. */
export const listGateways = (access: GatewayAccess, { project }: GatewayNames): Promise<GatewayResource[]> =>
  listAll<GatewayResource>(access, `projects/${project}/locations/-/gateways`, 'gateways');

async function listAll<T>(access: GatewayAccess, path: string, member: string): Promise<T[]> {
  const all: T[] = [];
  let pageToken: string | undefined;
  do {
    const call = get(path, { pageSize: '200', ...(pageToken !== undefined && { pageToken }) });
    const page = await find<Record<string, unknown>>(access, call);
    const unreachable = (page?.['unreachableLocations'] as string[] | undefined) ?? [];
    if (unreachable.length > 0) {
      const message = `${unreachable.join(', ')} could not be asked for ${member}`;
      throw new GatewayFailure(new GoogleFailure(503, 'UNAVAILABLE', message), call);
    }
    all.push(...((page?.[member] as T[] | undefined) ?? []));
    pageToken = (page?.['nextPageToken'] as string | undefined) || undefined;
  } while (pageToken !== undefined);
  return all;
}

/** https://cloud.google.com/service-usage/docs/reference/rest/v1/services#State */
export async function isEnabled(access: GatewayAccess, project: string, service: string): Promise<boolean> {
  const path = `projects/${project}/services/${service}`;
  const found = await find<{ state?: string }>(access, { api: 'serviceusage', method: 'GET', path });
  return found?.state === 'ENABLED';
}

interface Operation {
  name?: string;
  done?: boolean;
  error?: RpcStatus;
  metadata?: { diagnostics?: { location?: string; message?: string }[] };
}

/** Sends a change and waits until it is made. Throws GatewayFailure. */
export async function change(access: GatewayAccess, call: GatewayCall): Promise<void> {
  let operation = await ask<Operation>(access, call);
  const until = performance.now() + maxWaitMs;
  for (let looks = 0; operation.done !== true && operation.name !== undefined; looks++) {
    if (performance.now() > until) {
      const message = `${operation.name} has not ended in ${maxWaitMs / 60_000} minutes`;
      throw new GatewayFailure(new GoogleFailure(409, 'ABORTED', message), call);
    }
    await poll(access, looks);
    // An operation that is no longer found has ended; the resource itself shows how.
    operation = (await find<Operation>(access, get(operation.name))) ?? { done: true };
  }
  if (operation.error) throw operationFailure(operation, operation.error, call);
}

function operationFailure({ metadata }: Operation, error: RpcStatus, call: GatewayCall): GatewayFailure {
  // Messages of the document compiler.
  const diagnostics = (metadata?.diagnostics ?? []).map(({ location, message }) => `${location ?? '-'}: ${message}`);
  const message = [error.message ?? 'no words', ...diagnostics].join('; ');
  return new GatewayFailure(failureOfStatus({ ...error, message }), call);
}
