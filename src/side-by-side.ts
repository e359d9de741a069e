/**
 * Does the work for every item, of at most `parallel` at once, and gives the results in the order of the items. After a
 * failure no further item is begun; it is thrown once nothing is under way any more.
 */
export async function sideBySide<T, R>(
  items: readonly T[],
  parallel: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  let failure: { thrown: unknown } | undefined;
  const lane = async (): Promise<void> => {
    while (!failure && next < items.length) {
      const at = next++;
      try {
        results[at] = await work(items[at] as T);
      } catch (thrown) {
        failure ??= { thrown };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, lane));
  if (failure) throw failure.thrown;
  return results;
}
