import { LoadError, toLoadError } from '../../model/load-error.ts';
import type { Queue } from '../../queue/queue.ts';
import type { Answer } from '../../readers/answer.ts';
import { askAsBearer } from '../../readers/bearer.ts';
import { googleCredentials } from '../../readers/credentials/google.ts';
import { defaultLimits } from '../../readers/limits.ts';
import { persist } from '../../readers/persist.ts';
import { endpointProblem } from '../../readers/source.ts';
import { send } from '../../readers/transport.ts';
import { SettingsError, type Variables } from '../../settings.ts';

/**
 * Most bytes of a message: a request of ten megabytes has them as base64, with some JSON around.
 * https://cloud.google.com/pubsub/quotas#resource_limits
 */
const limit = 7_499_000;

/** Sending again what was taken makes a second message, which changes nothing. */
const limits = { ...defaultLimits, deadlineMs: 15_000 };

/**
 * The topic `projects/P/topics/T`, as the service account that the function runs as; PUBSUB_EMULATOR_HOST names another
 * service, which is given no token. Throws SettingsError where either is none.
 */
export function openTopic(topic: string, variables: Variables): Queue {
  if (!/^projects\/[a-z0-9:.-]{1,64}\/topics\/[A-Za-z][\w.~+%-]{2,254}$/.test(topic)) {
    throw new SettingsError(['COLDGATE_QUEUE: expected projects/PROJECT/topics/TOPIC.']);
  }
  const emulator = variables['PUBSUB_EMULATOR_HOST'];
  const problem = emulator && endpointProblem(`http://${emulator}`);
  if (problem) throw new SettingsError([`PUBSUB_EMULATOR_HOST: ${problem}.`]);
  const origin = new URL(emulator ? `http://${emulator}` : 'https://pubsub.googleapis.com');
  const credentials = emulator ? undefined : googleCredentials(variables);
  return {
    limit,
    async send(message) {
      const body = JSON.stringify({ messages: [{ data: Buffer.from(message).toString('base64') }] });
      const once = (bearer: Record<string, string>): Promise<Answer> => {
        const headers = { 'content-type': 'application/json', ...bearer };
        return send({ origin, method: 'POST', path: `/v1/${topic}:publish`, headers, body });
      };
      let answer: Answer;
      try {
        answer = await persist(() => askAsBearer(credentials, once), limits);
      } catch (error) {
        throw toLoadError(error, 'store-unavailable', `Sending to ${topic}`);
      }
      await answer.text();
      if (answer.status !== 200) throw refused(topic, answer.status);
    },
  };
}

function refused(topic: string, status: number): LoadError {
  if (status === 401 || status === 403) {
    const message = `The function's service account needs pubsub.topics.publish on ${topic} (${status}).`;
    return new LoadError('store-denied', message);
  }
  return new LoadError('store-unavailable', `Pub/Sub answered ${status} to a message for ${topic}.`);
}
