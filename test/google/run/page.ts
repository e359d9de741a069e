import type { Fields } from '../../fakes/clouds/fields.ts';
import { badRequest } from '../api-error.ts';

/** One page of a list: no more than the server likes, however many are asked for. */
export function page(name: string, all: readonly Fields[], query: URLSearchParams, most: number): Fields {
  const start = Number(query.get('pageToken') || 0);
  if (!Number.isInteger(start) || start < 0) throw badRequest([{ field: 'page_token', description: 'is none' }]);
  const size = Math.min(Number(query.get('pageSize') || most), most);
  const next = start + size < all.length ? { nextPageToken: String(start + size) } : {};
  return { [name]: all.slice(start, start + size), ...next };
}
