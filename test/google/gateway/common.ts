import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';
import { ApiError, badRequest, notFound } from '../api-error.ts';
import type { Need } from '../context.ts';
import type { ApiRequest } from '../surface.ts';
import type { GatewayState } from './state.ts';

/** Beginning of the ids of all methods. */
export const at = 'apigateway.projects.locations';

/** What a caller needs on the resource that the path names. */
export const needs =
  (permission: string) =>
  ({ labels }: ApiRequest): Need[] => [{ permission, resource: labels['name'] ?? labels['parent'] ?? '' }];

/** @param form what an id looks like; no list of Google's has the lengths of APIs and gateways, so the shortest known one holds */
export function checkId(id: string | null, field: string, form = /^[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?$/): string {
  if (id !== null && form.test(id)) return id;
  throw badRequest([{ field, description: `${String(id)} is not a valid id` }]);
}

/** https://cloud.google.com/resource-manager/docs/creating-managing-labels#requirements */
export function checkLabels(labels: unknown): Record<string, string> {
  const all = fieldsOf(labels) as Record<string, string>;
  const wrong = Object.entries(all).filter(
    ([key, value]) => !/^[a-z][a-z0-9_-]{0,62}$/.test(key) || !/^[a-z0-9_-]{0,63}$/.test(value),
  );
  if (wrong.length > 0 || Object.keys(all).length > 64) throw badRequest([{ field: 'labels', description: 'invalid' }]);
  return all;
}

/** The fields that a mask names. The call fails without one; each may be changed that is not of the rest. */
export function maskedFields({ query, body }: ApiRequest, allowed: readonly string[]): Fields {
  const paths = (query.get('updateMask') ?? '').split(',').filter((path) => path !== '');
  if (paths.length === 0) throw badRequest([{ field: 'update_mask', description: 'update_mask is required' }]);
  const wrong = paths.filter((path) => !allowed.includes(path));
  if (wrong.length > 0) throw badRequest([{ field: wrong[0] ?? '', description: 'is immutable or unknown' }]);
  return Object.fromEntries(paths.map((path) => [path, body[path]]));
}

/** One page of a list. */
export function pageOf<T>({ query }: ApiRequest, all: readonly T[], pageSize: number): { page: T[]; next: Fields } {
  const size = Math.min(Number(query.get('pageSize') ?? pageSize) || pageSize, pageSize);
  const from = Number(query.get('pageToken') ?? 0);
  const page = all.slice(from, from + size);
  return { page, next: from + size < all.length ? { nextPageToken: String(from + size) } : {} };
}

export function findIn<T>(all: ReadonlyMap<string, T>, { labels }: ApiRequest): T {
  const found = all.get(labels['name'] ?? '');
  if (!found) throw notFound(labels['name'] ?? '');
  return found;
}

/** Another change of the same thing is on its way. */
export function checkIdle(state: GatewayState, name: string): void {
  if (state.isBusy(name)) throw new ApiError(409, 'ABORTED', `unable to queue the operation on ${name}`);
}

export const typed = (kind: string, view: Fields): Fields => ({
  '@type':
    kind === 'Empty'
      ? 'type.googleapis.com/google.protobuf.Empty'
      : `type.googleapis.com/google.cloud.apigateway.v1.${kind}`,
  ...view,
});

/** What all resources have when they are made. */
export const common = (state: GatewayState, name: string, body: Fields) => ({
  name,
  state: 'CREATING' as const,
  displayName: body['displayName'] as string | undefined,
  labels: checkLabels(body['labels']),
  createTime: state.now(),
  updateTime: state.now(),
});

export const exhausted = (what: string, limit: number): ApiError =>
  new ApiError(429, 'RESOURCE_EXHAUSTED', `Quota limit '${what}' has been exceeded. Limit: ${limit}`);
