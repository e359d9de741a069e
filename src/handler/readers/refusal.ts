import { LoadError } from '../model/load-error.ts';
import type { Answer } from './answer.ts';
import type { ObjectService } from './object-service.ts';
import { waitAskedFor } from './persist.ts';
import { TransportError } from './transport-error.ts';

/** Why an object was refused, with what an operator has to change. Closes the response. */
export async function refusal(service: ObjectService, key: string, answer: Answer): Promise<LoadError> {
  const error = (await service.explain(key, answer)) ?? plainRefusal(service, key, answer);
  error.retryAfterMs = waitAskedFor(answer);
  await answer.text();
  answer.drop();
  return error;
}

function plainRefusal(service: ObjectService, key: string, { status }: Answer): LoadError {
  if (status === 404 || status === 410) {
    return new LoadError('model-not-found', `There is no ${key} in ${service.url}.`);
  }
  const denied = status === 401 || status === 403;
  const what = status >= 300 && status < 400 ? `${status}, a redirect, which is not followed,` : String(status);
  return new LoadError(
    denied ? 'store-denied' : 'store-unavailable',
    `${service.url} answered ${what} to the read of ${key}.`,
  );
}

/** The same for an answer that never came. What is explained already stays as it is. */
export function unanswered(service: ObjectService, key: string, error: unknown): unknown {
  if (!(error instanceof TransportError)) return error;
  return new LoadError('store-unavailable', `Reading ${key} from ${service.url}: ${error.message}.`, error);
}
