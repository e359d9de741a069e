import { LoadError } from '../model/load-error.ts';
import type { Variables } from '../settings.ts';
import type { Answer } from './answer.ts';
import { askAsBearer } from './bearer.ts';
import { googleCredentials } from './credentials/google.ts';
import type { Bearer, Renewed } from './credentials/renewed.ts';
import type { Limits } from './limits.ts';
import { conditionHeaders, keyIn, type ObjectService, type ReadConditions } from './object-service.ts';
import type { Reader } from './reader.ts';
import { openRemoteReader } from './remote.ts';
import type { StoreSource } from './source.ts';
import { send } from './transport.ts';

const google = 'https://storage.googleapis.com';

/** Reads `<prefix>/<key>` of a bucket over the JSON API, as the service account that the function runs as. */
export function openGcsReader(source: StoreSource, variables: Variables, limits?: Limits): Reader {
  const origin = new URL(source.endpoint ?? google);
  // A token goes to Google and to no one else; emulators need none.
  const trusted = origin.protocol === 'https:' && /(?:^|\.)googleapis\.com$/.test(origin.hostname);
  const credentials = trusted ? googleCredentials(variables) : undefined;
  return openRemoteReader(new GcsObjects(source, origin, credentials, limits), limits);
}

/** Objects of one bucket, below a prefix. Without credentials they are asked for without. */
export class GcsObjects implements ObjectService {
  readonly scheme = 'gcs';
  readonly url: string;
  readonly #source: StoreSource;
  readonly #origin: URL;
  readonly #credentials: Renewed<Bearer> | undefined;
  readonly #stallMs: number | undefined;

  constructor(source: StoreSource, origin: URL, credentials: Renewed<Bearer> | undefined, limits: Limits | undefined) {
    this.#source = source;
    this.#origin = origin;
    this.#credentials = credentials;
    this.#stallMs = limits?.stallMs;
    this.url = `gs://${keyIn(source.bucket, source.root)}`;
  }

  /** https://cloud.google.com/storage/docs/json_api/v1/objects/get */
  ask(key: string, { unless, only, range, signal }: ReadConditions): Promise<Answer> {
    const { bucket, root } = this.#source;
    const conditions =
      (unless ? `&ifGenerationNotMatch=${encodeURIComponent(unless)}` : '') +
      (only ? `&ifGenerationMatch=${encodeURIComponent(only)}` : '');
    const prefix = this.#origin.pathname.replace(/\/+$/, '');
    const name = `b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(keyIn(root, key))}`;
    const request = {
      method: 'GET' as const,
      origin: this.#origin,
      path: `${prefix}/storage/v1/${name}?alt=media${conditions}`,
      signal,
      stallMs: this.#stallMs,
    };
    // Without it, what is stored with Content-Encoding gzip would be unpacked on its way.
    const headers = { 'accept-encoding': 'gzip', ...conditionHeaders({ range }) };
    return askAsBearer(this.#credentials, (bearer) => send({ ...request, headers: { ...headers, ...bearer } }));
  }

  version(answer: Answer): string | undefined {
    return answer.header('x-goog-generation');
  }

  /** Packing or unpacking on the way changes the length. */
  untouched(answer: Answer): boolean {
    const stored = answer.header('x-goog-stored-content-length');
    return stored === undefined || stored === answer.header('content-length');
  }

  async explain(key: string, { status }: Answer): Promise<LoadError | undefined> {
    const object = `gs://${keyIn(this.#source.bucket, this.#source.root, key)}`;
    if (status === 401) return new LoadError('store-denied', `Google refuses the function's token for ${object}.`);
    if (status !== 403) return undefined;
    return new LoadError(
      'store-denied',
      `The function's service account needs storage.objects.get on ${object}, as roles/storage.objectViewer has it.`,
    );
  }
}
