import type { ArmReply, ArmRequest } from './arm.ts';
import type { Azure } from './azure.ts';

/** A page of a list, and where the next one is. */
export function pageOf(
  azure: Azure,
  { path, query }: Pick<ArmRequest, 'path' | 'query'>,
  all: readonly object[],
): ArmReply {
  const from = Number(query.get('$skipToken') ?? 0);
  const { pageSize } = azure.knobs;
  const next = from + pageSize;
  const more = new URLSearchParams({ ...Object.fromEntries(query), $skipToken: String(next) });
  const nextLink = next < all.length ? `${azure.urlOf('ARM')}${path}?${more}` : null;
  return { status: 200, body: { value: all.slice(from, next), nextLink } };
}
