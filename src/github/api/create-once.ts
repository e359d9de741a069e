import { isUnclear } from './failure.ts';

/**
 * What is there already, or a new one. A creation without a clear answer may have worked: it is looked for again before
 * it is repeated, once.
 */
export async function createOnce<T>(find: () => Promise<T | undefined>, create: () => Promise<T>): Promise<T> {
  const there = await find();
  if (there !== undefined) return there;
  try {
    return await create();
  } catch (error) {
    if (!isUnclear(error)) throw error;
    return (await find()) ?? (await create());
  }
}
