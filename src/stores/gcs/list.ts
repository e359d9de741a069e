import { isKey } from '../key.ts';
import type { ObjectInfo } from '../store.ts';
import { repeat } from './commit.ts';
import type { GcsContext } from './context.ts';
import { sendForJson } from './http.ts';
import { infoOf, type ObjectResource, resourceFields } from './info.ts';

interface Page {
  items?: ObjectResource[];
  nextPageToken?: string;
}

/** Objects in key order, page by page. What others put there under names that no key can have is left out. */
export async function* listObjects(context: GcsContext, prefix: string): AsyncGenerator<ObjectInfo> {
  const { place, limits } = context;
  let pageToken: string | undefined;
  do {
    const query = {
      prefix: place.nameOf(prefix),
      maxResults: String(limits.pageObjects),
      fields: `items(${resourceFields}),nextPageToken`,
      pageToken,
    };
    const request = { method: 'GET', path: place.pathOf(), query } as const;
    const page = await repeat(context, { verb: 'list' }, () => sendForJson<Page>(context, request));
    for (const item of page.items ?? []) {
      const key = (item.name ?? '').slice(place.root.length);
      if (isKey(key)) yield infoOf(context, { verb: 'list', key }, item);
    }
    pageToken = page.nextPageToken;
  } while (pageToken);
}
