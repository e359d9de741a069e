import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import { queueVariables } from '../queue-variables.ts';

/** The first part of the settings by which the trigger reaches its queue: src/handler/entries/azure.ts. */
const connection = 'COLDGATE_QUEUE_HOST';
/**
 * Of the slot beside a live app on Premium, which has the queue's settings, as they go along when the two change places: the
 * function takes it for one without a queue.
 */
export const queueOff = 'COLDGATE_QUEUE_OFF';

const options = 'AzureFunctionsJobHost__extensions__queues';

/** Named as the live app is, whose name is one for all of Azure. */
export const queueNameOf = (site: string): string => site;

/** Where the host puts what has failed for good; the name is the host's. */
export const poisonOf = (queue: string): string => `${queue}-poison`;

/** What every app of a function has: a candidate that is made live is then made of the same settings. */
export function messageVariables(
  { queue, maximumInstances }: AzureFunctionsSettings,
  name: string,
): Record<string, string> {
  if (!queue) return {};
  return {
    ...queueVariables(name, queue),
    [`${options}__maxDequeueCount`]: String(queue.attempts),
    // All instances together have the cap.
    [`${options}__batchSize`]: String(Math.min(32, Math.max(1, Math.floor(queue.maxConcurrency / maximumInstances)))),
  };
}

interface Place {
  /** Of the live app. */
  site: string;
  /** Base URL of the queues of its storage account, without a slash at its end. */
  queues: string;
  /** Of a user-assigned identity. */
  clientId: string | undefined;
}

/** What the live app alone has: where messages go and come from. */
export const liveVariables = ({ site, queues, clientId }: Place): Record<string, string> => ({
  COLDGATE_QUEUE: `${queues}/${queueNameOf(site)}`,
  [`${connection}__queueServiceUri`]: queues,
  [`${connection}__credential`]: 'managedidentity',
  ...(clientId !== undefined && { [`${connection}__clientId`]: clientId }),
});
