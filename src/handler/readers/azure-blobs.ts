import { LoadError } from '../model/load-error.ts';
import type { Variables } from '../settings.ts';
import type { Answer } from './answer.ts';
import { type AzureAccount, readAccount } from './azure-account.ts';
import { askAsBearer } from './bearer.ts';
import { azureCredentials } from './credentials/azure-identity.ts';
import { signSharedKey } from './credentials/azure-shared-key.ts';
import type { Bearer, Renewed } from './credentials/renewed.ts';
import type { Limits } from './limits.ts';
import { conditionHeaders, keyIn, type ObjectService, type ReadConditions } from './object-service.ts';
import type { StoreSource } from './source.ts';
import { type HttpRequest, send } from './transport.ts';

/** Old enough for every emulator, and new enough for conditions, ranges and tokens. */
const apiVersion = '2021-12-02';

/** Blobs of one container, below a prefix. */
export class AzureBlobs implements ObjectService {
  readonly scheme = 'azure';
  readonly url: string;
  readonly #source: StoreSource;
  readonly #account: AzureAccount;
  readonly #credentials: Renewed<Bearer> | undefined;
  readonly #stallMs: number | undefined;

  /**
   * As the function's managed identity, or with what AZURE_STORAGE_CONNECTION_STRING holds. Throws SettingsError where that
   * is of another account.
   */
  constructor(source: StoreSource, variables: Variables, limits?: Limits) {
    const account = readAccount(source, variables);
    this.#source = source;
    this.#account = account;
    this.#credentials = account.key || account.sas ? undefined : azureCredentials(variables);
    this.#stallMs = limits?.stallMs;
    this.url = `azure://${keyIn(source.bucket, source.root)}`;
  }

  /** https://learn.microsoft.com/rest/api/storageservices/get-blob */
  ask(key: string, conditions: ReadConditions): Promise<Answer> {
    return this.send('GET', key, { headers: conditionHeaders(conditions), signal: conditions.signal });
  }

  /** One request about a blob, signed now. */
  send(
    method: HttpRequest['method'],
    key: string,
    { headers: more, body, signal }: { headers: Record<string, string> } & Pick<HttpRequest, 'body' | 'signal'>,
  ): Promise<Answer> {
    const { origin, container, key: accountKey, sas } = this.#account;
    const blob = keyIn(container, this.#source.root, key).split('/').map(encodeURIComponent).join('/');
    const path = `${origin.pathname.replace(/\/+$/, '')}/${blob}`;
    const plain: Record<string, string> = {
      'x-ms-version': apiVersion,
      'x-ms-date': new Date().toUTCString(),
      ...more,
    };
    const authorization = accountKey && signSharedKey({ method, path, query: [], headers: plain }, accountKey);
    const headers = authorization ? { ...plain, authorization } : plain;
    const request = { method, origin, path: sas ? `${path}?${sas}` : path, body, signal, stallMs: this.#stallMs };
    return askAsBearer(this.#credentials, (bearer) => send({ ...request, headers: { ...headers, ...bearer } }));
  }

  version(answer: Answer): string | undefined {
    return answer.header('etag');
  }

  async explain(key: string, answer: Answer): Promise<LoadError | undefined> {
    const code = errorCode(answer);
    const blob = `azure://${keyIn(this.#source.bucket, this.#source.root, key)}`;
    if (code === 'ContainerNotFound') {
      return new LoadError('model-not-found', `There is no container ${this.#source.bucket}.`);
    }
    if (code === 'AuthorizationFailure') {
      const message = `The storage account's network rules or its key settings refuse the read of ${blob}.`;
      return new LoadError('store-denied', message);
    }
    if (answer.status === 401 || answer.status === 403) {
      const role = 'the role Storage Blob Data Reader, or a key or signature that may read,';
      return new LoadError('store-denied', `The function needs ${role} on ${blob} (${answer.status} ${code}).`);
    }
    if (code === '' || answer.status === 404) return undefined;
    return new LoadError('store-unavailable', `Azure answered ${answer.status} ${code} to the read of ${blob}.`);
  }
}

/** Azure's own word for a refusal; empty where it has none. */
export const errorCode = (answer: Answer): string =>
  /^[A-Za-z0-9]{1,60}$/.exec(answer.header('x-ms-error-code') ?? '')?.[0] ?? '';
