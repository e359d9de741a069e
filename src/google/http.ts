import { type ApiRequest, sendApiRequest } from '../api-request.ts';
import { failureOfAnswer, failureOfConnection } from './failure.ts';

export type GoogleRequest = ApiRequest;

/** Sends one request, once, and returns its JSON; undefined for an empty body. Throws GoogleFailure. */
export async function send(request: GoogleRequest): Promise<unknown> {
  try {
    const { ok, status, headers, text } = await sendApiRequest(request);
    if (!ok) throw failureOfAnswer(status, headers, text);
    return text === '' ? undefined : JSON.parse(text);
  } catch (thrown) {
    request.signal.throwIfAborted();
    throw failureOfConnection(thrown);
  }
}
