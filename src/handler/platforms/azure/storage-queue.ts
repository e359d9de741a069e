import { LoadError, toLoadError } from '../../model/load-error.ts';
import type { Queue } from '../../queue/queue.ts';
import type { Answer } from '../../readers/answer.ts';
import { errorCode } from '../../readers/azure-blobs.ts';
import { askAsBearer } from '../../readers/bearer.ts';
import { azureCredentials } from '../../readers/credentials/azure-identity.ts';
import { defaultLimits } from '../../readers/limits.ts';
import { persist } from '../../readers/persist.ts';
import { endpointProblem } from '../../readers/source.ts';
import { send } from '../../readers/transport.ts';
import { SettingsError, type Variables } from '../../settings.ts';

/** Most bytes of a message: 64 KiB of base64. https://learn.microsoft.com/rest/api/storageservices/put-message */
const limit = 48 * 1024;
const apiVersion = '2021-12-02';

/** Sending again what was taken makes a second message, which changes nothing. */
const limits = { ...defaultLimits, deadlineMs: 15_000 };

/** Name of the queue at this address. Throws SettingsError for what is none. */
export function queueName(place: string): string {
  const name = endpointProblem(place) === undefined ? new URL(place).pathname.split('/').at(-1) : undefined;
  if (name !== undefined && /^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$/.test(name)) return name;
  throw new SettingsError(['COLDGATE_QUEUE: expected https://ACCOUNT.queue.core.windows.net/QUEUE.']);
}

/** A queue of a storage account, as the function's managed identity. Throws SettingsError for an address that is none. */
export function openStorageQueue(place: string, variables: Variables): Queue {
  queueName(place);
  const origin = new URL(place);
  const credentials = azureCredentials(variables);
  return {
    limit,
    async send(message) {
      const text = Buffer.from(message).toString('base64');
      const body = `<QueueMessage><MessageText>${text}</MessageText></QueueMessage>`;
      const once = (bearer: Record<string, string>): Promise<Answer> => {
        const headers = { 'content-type': 'application/xml', 'x-ms-version': apiVersion, ...bearer };
        // Kept until someone has worked on it, or given it up.
        return send({ origin, method: 'POST', path: `${origin.pathname}/messages?messagettl=-1`, headers, body });
      };
      let answer: Answer;
      try {
        answer = await persist(() => askAsBearer(credentials, once), limits);
      } catch (error) {
        throw toLoadError(error, 'store-unavailable', `Sending to ${place}`);
      }
      await answer.text();
      if (answer.status !== 201) throw refused(place, answer);
    },
  };
}

function refused(place: string, answer: Answer): LoadError {
  const { status } = answer;
  const said = `${status} ${errorCode(answer)}`;
  if (status === 401 || status === 403) {
    const message = `The function's identity needs the role Storage Queue Data Contributor on ${place} (${said}).`;
    return new LoadError('store-denied', message);
  }
  return new LoadError('store-unavailable', `Azure answered ${said} to a message for ${place}.`);
}
