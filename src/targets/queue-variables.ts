import type { QueueSettings } from '../config/schema/queue.ts';
import { asyncPrefix } from '../model/layout.ts';

/** The handler's own words for `queue:`, but where the queue is. @param name of the function on its platform */
export const queueVariables = (
  name: string,
  { attempts, keepDays }: Pick<QueueSettings, 'attempts' | 'keepDays'>,
): Record<string, string> => ({
  COLDGATE_QUEUE_PREFIX: asyncPrefix(name),
  COLDGATE_QUEUE_ATTEMPTS: String(attempts),
  COLDGATE_QUEUE_KEEP_DAYS: String(keepDays),
});
