import type { InvocationContext, StorageQueueHandler } from '@azure/functions';
import type { Work } from '../../queue/queue.ts';

/**
 * The handler of a queue trigger. What it does not throw for is done; what it throws for is delivered again, and put aside
 * by the host in the end. https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#poison-messages
 */
export function createQueueHandler(open: () => Promise<Work>): StorageQueueHandler {
  return async (entry, { triggerMetadata }: Pick<InvocationContext, 'triggerMetadata'>) => {
    const work = await open();
    const attempt = Number(triggerMetadata?.['dequeueCount'] ?? 1);
    if ((await work(bytesOf(entry), { attempt })) === 'again')
      throw new Error('This attempt failed; the log says why.');
  };
}

/** Of a message of ours its bytes, which are text in the queue; anything else, which may have been read as JSON, as it is. */
function bytesOf(entry: unknown): Uint8Array {
  const text = typeof entry === 'string' ? entry : JSON.stringify(entry);
  const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
  return Buffer.from(text, isBase64 ? 'base64' : 'utf8');
}
