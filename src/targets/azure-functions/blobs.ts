import { authorized } from '../../azure/arm.ts';
import { AzureFailure, isMissing } from '../../azure/failure.ts';
import type { AzureAnswer, AzureRequest } from '../../azure/http.ts';
import { type Reason, retryCall } from '../../azure/retry-call.ts';
import type { FlexContext } from './context.ts';
import { accountOf } from './facts.ts';

/*
 * The few calls of Blob Storage that a release needs: https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
 */

const scope = 'https://storage.azure.com/.default';
const version = '2021-12-02';
/** Longest upload or download of a package, ms. */
const transferMs = 600_000;

/** A container that was made a moment ago is not known everywhere; one that is being removed is busy. */
const isLate = ({ status, code }: AzureFailure): Reason | undefined =>
  (status === 404 && code === 'ContainerNotFound') || (status === 409 && code === 'ContainerBeingDeleted')
    ? 'network'
    : undefined;

type BlobCall = Pick<AzureRequest, 'method' | 'headers' | 'bytes' | 'timeoutMs'>;

/** Sends one call on a blob, once. Throws AzureFailure. */
async function callOnce(
  context: FlexContext,
  path: string,
  { headers, ...call }: BlobCall,
  signal: AbortSignal,
): Promise<AzureAnswer> {
  const { blobs } = await accountOf(context);
  const own = { 'x-ms-version': version, 'x-ms-date': new Date().toUTCString(), ...headers };
  return authorized(context.credentials, scope)({ ...call, url: `${blobs}/${path}`, signal, headers: own });
}

/** Sends one call on a blob, again where storage is busy. Throws AzureFailure. */
function callBlob(context: FlexContext, path: string, call: BlobCall, also?: typeof isLate): Promise<AzureAnswer> {
  const { log, signal } = context;
  return retryCall(() => callOnce(context, path, call, signal), { log, signal, also });
}

/** Whether the pipeline has no rights on the data of this account. */
export const isDataDenied = (error: unknown): boolean =>
  error instanceof AzureFailure && (error.status === 403 || error.status === 401);

/** Writes a blob that is not there yet; one that is there stays. */
export async function createBlob(context: FlexContext, path: string, bytes: Uint8Array): Promise<void> {
  const headers = { 'x-ms-blob-type': 'BlockBlob', 'if-none-match': '*', 'content-type': 'application/octet-stream' };
  try {
    await callBlob(context, path, { method: 'PUT', headers, bytes, timeoutMs: transferMs }, isLate);
  } catch (error) {
    // 412: a lease is on it.
    if (error instanceof AzureFailure && (error.status === 409 || error.status === 412)) return;
    throw error;
  }
}

/** The bytes of a blob; undefined where there is none. */
export async function readBlob(context: FlexContext, path: string): Promise<Uint8Array | undefined> {
  const { credentials, signal } = context;
  const { blobs } = await accountOf(context);
  const answer = await fetch(`${blobs}/${path}`, {
    headers: { 'x-ms-version': version, authorization: `Bearer ${await credentials.token(scope)}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(transferMs)]),
    redirect: 'error',
  });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new AzureFailure(answer.status, `HTTP ${answer.status}`, `${path} cannot be read`);
  return bytes;
}

/** Whether a blob is there. */
export async function hasBlob(context: FlexContext, path: string): Promise<boolean> {
  try {
    await callBlob(context, path, { method: 'HEAD' });
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

export async function removeBlob(context: FlexContext, path: string): Promise<void> {
  try {
    await callBlob(context, path, { method: 'DELETE' });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** One step of a lease: https://learn.microsoft.com/rest/api/storageservices/lease-blob */
export async function leaseBlob(
  context: FlexContext,
  path: string,
  headers: Record<string, string>,
): Promise<string | undefined> {
  const answer = await callBlob(context, `${path}?comp=lease`, { method: 'PUT', headers });
  return answer.headers.get('x-ms-lease-id') ?? undefined;
}

/** Gives a lease back, if that is done at once: it ends by itself, and the run and its signal may be over. Never throws. */
export async function releaseBlob(context: FlexContext, path: string, id: string): Promise<void> {
  const headers = { 'x-ms-lease-action': 'release', 'x-ms-lease-id': id };
  await callOnce(context, `${path}?comp=lease`, { method: 'PUT', headers }, AbortSignal.timeout(5000)).catch(() => {});
}
