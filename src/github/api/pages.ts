/** GitHub's most for one page of these lists. */
export const perPage = 100;

/** An issue has at most 2,500 comments; longer lists than this are not read to their end. */
const maxPages = 50;

interface Page<T> {
  data: T[];
  headers: { link?: string | undefined };
}

/** An answer without its list: cut off on the way, or from something that is not GitHub. */
export class NoList extends Error {
  readonly status = 502;

  constructor() {
    super('the answer holds no list');
  }
}

/**
 * All items of a list, page by page while the Link header names a next one. Only its presence counts: the address in it is
 * not followed, so that the token goes nowhere else. `complete` is false where the list is longer than is read.
 */
export async function readPages<T>(page: (at: number) => Promise<Page<T>>): Promise<{ items: T[]; complete: boolean }> {
  const items: T[] = [];
  for (let at = 1; at <= maxPages; at += 1) {
    const { data, headers } = await page(at);
    if (!Array.isArray(data)) throw new NoList();
    items.push(...data);
    if (!/;\s*rel="?next"?/.test(headers.link ?? '')) return { items, complete: true };
  }
  return { items, complete: false };
}
