import { type ApiRequest, sendApiRequest } from '../api-request.ts';
import { failureOfAnswer, failureOfConnection } from './failure.ts';

export type AzureRequest = ApiRequest;

export interface AzureAnswer {
  status: number;
  headers: Headers;
  /** Parsed JSON, or the text where it is none; undefined for an empty body. */
  body: unknown;
}

/** ms; Azure's control plane is slower than most. */
const usualMs = 120_000;

/** Sends one request, once. Throws AzureFailure for every status that is no success. */
export async function send(request: AzureRequest): Promise<AzureAnswer> {
  try {
    const { ok, status, headers, text } = await sendApiRequest({ timeoutMs: usualMs, ...request });
    if (!ok) throw failureOfAnswer(status, headers, text);
    return { status, headers, body: read(text) };
  } catch (thrown) {
    request.signal.throwIfAborted();
    throw failureOfConnection(thrown);
  }
}

function read(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
