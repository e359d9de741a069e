import type { Logger } from '../log.ts';
import type { SharedCache } from '../steps/verb.ts';

/**
 * The runner's cache service for folders that can be made again. A failure is a line in the log and never fails a step:
 * a cache only spares time. Nothing is loaded where the service is not there.
 */
export function runnerCache(env: Readonly<Record<string, string | undefined>>, log: Logger): SharedCache | undefined {
  if (!env['ACTIONS_RUNTIME_TOKEN']) return undefined;
  const attempt = async <T>(what: string, work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      log.info(`The runner's cache could not ${what}: ${(error as Error).message}. Going on without it.`);
      return otherwise;
    }
  };
  return {
    restore: (folder, key) =>
      attempt(
        'restore',
        async () => {
          const cache = await import('@actions/cache');
          return (await cache.restoreCache([folder], key)) !== undefined;
        },
        false,
      ),
    save: (folder, key) =>
      attempt(
        'save',
        async () => {
          const cache = await import('@actions/cache');
          await cache.saveCache([folder], key);
        },
        undefined,
      ),
  };
}
